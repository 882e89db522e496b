from .model import Model
from .network import Network
