"""One module for each program whose history is read; `app.importers.recognition` finds the right one."""

__all__: list[str] = []
