"""The script of the Personality page."""

from app.ui import layout as frame
from app.ui.personality import page as traits

traits.draw(frame.here())
