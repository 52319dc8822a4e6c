"""The page that shows what is remembered."""

from app.ui import layout as frame
from app.ui.memory import page as remembered

remembered.draw(frame.here())
