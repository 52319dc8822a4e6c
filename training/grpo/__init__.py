"""GRPO with TRL: rollouts through the real graph, rewards, and the judge."""

__all__ = ["judge", "trainer"]
