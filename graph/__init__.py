"""The R3 state machine: it decides, and leaves storing and serving to others."""
