"""The script of the Photos page."""

from app.ui import layout as frame
from app.ui.photos import page as gallery

gallery.draw(frame.here())
