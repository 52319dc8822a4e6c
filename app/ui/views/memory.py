"""The script of the Memory page."""

from app.ui import layout as frame
from app.ui.memory import page as remembered

remembered.draw(frame.here())
