"""Where the demo's events are: invented places in one city, and a few elsewhere in the world."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Venue:
    """A place, and the zone of its clocks; one without a name is nowhere but online."""

    name: str
    address: str
    latitude: float
    longitude: float
    zone: str = "Europe/Berlin"


HARBOUR = Venue("Harbour Hall", "Quay 4, Lindenhafen", 53.5461, 9.9661)
ORCHARD = Venue("The Orchard", "12 Mill Lane, Lindenhafen", 53.5583, 9.9800)
LIBRARY = Venue("City Library", "Market Square 1, Lindenhafen", 53.5503, 9.9920)
FOUNDRY = Venue("Old Foundry", "Foundry Yard 7, Lindenhafen", 53.5610, 9.9350)
ROOFTOP = Venue("Rooftop 21", "Tower Street 21, Lindenhafen", 53.5489, 10.0010)
BRIDGE = Venue("Bridge House", "88 Canal Street, Brooklyn", 40.7033, -73.9881, "America/New_York")
KANDA = Venue("Kanda Commons", "3-2 Kanda, Tokyo", 35.6917, 139.7709, "Asia/Tokyo")
TIDE = Venue("Tide Rooms", "5 Wharf Road, Sydney", -33.8570, 151.2050, "Australia/Sydney")
ONLINE = Venue("", "", 0, 0, "UTC")

VENUES = {one.name: one for one in (HARBOUR, ORCHARD, LIBRARY, FOUNDRY, ROOFTOP, BRIDGE, KANDA, TIDE, ONLINE)}
