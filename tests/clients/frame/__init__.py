"""What the products' files share: clients made for the simulated cloud, and the judging of every answer."""

from .case import ClientCase
from .clients import Key

__all__ = ["ClientCase", "Key"]
