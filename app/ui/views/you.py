"""The script of the You page."""

from app.ui import layout as frame
from app.ui.account import page as you

you.draw(frame.here())
