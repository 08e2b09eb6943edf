"""The demo's city: some forty invented events over four weeks, a few of them elsewhere in the world."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from webapp import when
from webapp.events.event import Details


@dataclass(frozen=True)
class Venue:
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


@dataclass(frozen=True)
class Plan:
    """One line of the programme: on which day from today, when, how long, where and what about."""

    title: str
    summary: str
    day: int
    hour: float
    hours: float
    venue: Venue
    tags: str
    organiser: str
    capacity: int | None = None


STUDIO, COUNTY = "Quay Street Studio", "Lindenhafen Culture Office"
CODERS, TABLES = "Open Source Evenings", "Long Table Society"

PLANS = (
    Plan(
        "Riverside Jazz Night",
        "Two sets by the water, and the bar stays open.",
        0,
        19.5,
        3,
        HARBOUR,
        "music, jazz",
        STUDIO,
        220,
    ),
    Plan(
        "Pottery for Beginners",
        "Clay, a wheel and patient teachers. Aprons are here.",
        0,
        17,
        2.5,
        ORCHARD,
        "workshop, craft",
        STUDIO,
        12,
    ),
    Plan("Open Chess Evening", "All strengths, clocks and boards provided.", 0, 18, 4, LIBRARY, "games", COUNTY, 40),
    Plan(
        "Self-Hosting 101",
        "From a spare laptop to a service your friends rely on.",
        1,
        18.5,
        2,
        FOUNDRY,
        "technology, workshop",
        CODERS,
        60,
    ),
    Plan(
        "Sunrise Yoga on the Roof",
        "Mats are up there; bring a jumper.",
        1,
        6.5,
        1,
        ROOFTOP,
        "sport, outdoors",
        STUDIO,
        25,
    ),
    Plan("Poetry, Read Aloud", "Six voices, one lamp, no microphones.", 1, 20, 1.5, LIBRARY, "reading", COUNTY, 70),
    Plan(
        "Python Project Night",
        "Bring something half-finished; leave with a pull request.",
        2,
        18.5,
        3,
        FOUNDRY,
        "technology",
        CODERS,
        80,
    ),
    Plan(
        "Market of Small Makers",
        "Forty stalls of ceramics, prints, bread and honey.",
        2,
        10,
        8,
        HARBOUR,
        "market, craft, family",
        COUNTY,
    ),
    Plan(
        "Night Bike Ride",
        "Eighteen slow kilometres along the canal, lights on.",
        2,
        21,
        2,
        BRIDGE,
        "sport, outdoors",
        "Canal Riders",
        90,
    ),
    Plan(
        "Family Science Morning",
        "Volcanoes, slime and a very large magnet.",
        3,
        10,
        3,
        LIBRARY,
        "family, science",
        COUNTY,
        120,
    ),
    Plan(
        "The Long Table",
        "One table, sixty places, four courses cooked by neighbours.",
        3,
        18,
        4,
        ORCHARD,
        "food",
        TABLES,
        60,
    ),
    Plan(
        "Ambient Listening Room", "Lie down. Two hours of slow records.", 3, 21, 2, KANDA, "music", "Kanda Commons", 30
    ),
    Plan(
        "Letterpress Workshop",
        "Set your own card by hand and print fifty.",
        4,
        14,
        4,
        FOUNDRY,
        "workshop, craft",
        STUDIO,
        10,
    ),
    Plan("Documentary: The Last Ferry", "Followed by a talk with its editor.", 4, 20, 2, HARBOUR, "film", COUNTY, 180),
    Plan(
        "Accessibility Clinic",
        "Fifteen minutes with your site and a screen reader.",
        5,
        16,
        3,
        ONLINE,
        "technology, online",
        CODERS,
        24,
    ),
    Plan("Neighbourhood Choir", "No auditions, tea at half time.", 5, 19, 2, ORCHARD, "music, community", COUNTY, 100),
    Plan("Harbour Swim", "One kilometre, safety boats, hot soup.", 6, 8, 2, TIDE, "sport, outdoors", "Tide Rooms", 150),
    Plan(
        "Repair Café",
        "Toasters, trousers and bicycles, mended together.",
        6,
        11,
        5,
        FOUNDRY,
        "community, craft",
        COUNTY,
        45,
    ),
    Plan(
        "String Quartet by Candlelight",
        "An hour of late quartets among the cranes.",
        7,
        20,
        1.5,
        HARBOUR,
        "music, classical",
        STUDIO,
        140,
    ),
    Plan(
        "Introduction to Sourdough", "Take home a jar that is alive.", 7, 17, 3, ORCHARD, "food, workshop", TABLES, 14
    ),
    Plan(
        "Rust for Tinkerers",
        "A gentle evening with the borrow checker.",
        8,
        18.5,
        3,
        FOUNDRY,
        "technology, workshop",
        CODERS,
        50,
    ),
    Plan("Stand-up Tryouts", "Ten acts, five minutes each, kind audience.", 9, 20, 2, ROOFTOP, "comedy", STUDIO, 85),
    Plan(
        "Walking Tour: Hidden Courtyards",
        "Ninety minutes through gates that are usually shut.",
        10,
        11,
        1.5,
        LIBRARY,
        "outdoors, history",
        COUNTY,
        20,
    ),
    Plan("Board Game Marathon", "Twelve hours; come for two.", 10, 10, 12, ORCHARD, "games, family", COUNTY, 75),
    Plan("Ceramics Open Studio", "See what came out of the kiln.", 11, 14, 4, ORCHARD, "craft", STUDIO),
    Plan(
        "Data for Good Breakfast",
        "Three short talks and a lot of coffee.",
        12,
        8,
        2,
        BRIDGE,
        "technology, community",
        "Bridge House",
        60,
    ),
    Plan(
        "Tango for Two Left Feet",
        "The first lesson, with or without a partner.",
        13,
        19,
        2,
        HARBOUR,
        "dance",
        STUDIO,
        48,
    ),
    Plan(
        "Astronomy from the Roof", "Saturn, if the clouds agree.", 14, 21, 2.5, ROOFTOP, "science, outdoors", COUNTY, 30
    ),
    Plan("Zine Fair", "Thirty tables of folded paper.", 14, 12, 6, FOUNDRY, "market, reading", STUDIO),
    Plan(
        "Kitchen Fermentation",
        "Kimchi, kraut and a little chemistry.",
        15,
        18,
        2.5,
        KANDA,
        "food, workshop",
        "Kanda Commons",
        16,
    ),
    Plan(
        "Volunteer Evening", "What helpers do here, and how to be one.", 16, 18, 1.5, LIBRARY, "community", COUNTY, 50
    ),
    Plan(
        "Live Coding Concert",
        "Synthesisers driven from the keyboard, code on the wall.",
        17,
        21,
        3,
        FOUNDRY,
        "music, technology",
        CODERS,
        160,
    ),
    Plan(
        "Watercolour in the Park",
        "Paper and paint are there; rain moves us inside.",
        18,
        14,
        3,
        ORCHARD,
        "craft, outdoors",
        STUDIO,
        22,
    ),
    Plan(
        "Incident Review Club",
        "A famous outage, read line by line.",
        19,
        17,
        1.5,
        ONLINE,
        "technology, online",
        CODERS,
        200,
    ),
    Plan(
        "Children's Theatre: The Moon Shop",
        "For ages four to nine and their grown-ups.",
        20,
        15,
        1,
        HARBOUR,
        "family, theatre",
        COUNTY,
        110,
    ),
    Plan(
        "Film Photography Walk",
        "One roll each, developed together afterwards.",
        21,
        10,
        5,
        TIDE,
        "outdoors, craft",
        "Tide Rooms",
        15,
    ),
    Plan(
        "Town Hall: The New Waterfront",
        "Plans on the wall, planners in the room.",
        22,
        18,
        2,
        HARBOUR,
        "community",
        COUNTY,
        260,
    ),
    Plan("Brass Band Sunday", "Outdoors when dry, loud either way.", 24, 11, 2, HARBOUR, "music, family", STUDIO),
    Plan("Winter Swap", "Coats, boots and books change owners.", 25, 11, 5, ORCHARD, "community, market", TABLES),
    Plan(
        "Festival of Small Lights",
        "Two days of lanterns, food and music along the quay.",
        27,
        16,
        30,
        HARBOUR,
        "music, food, family",
        COUNTY,
        2500,
    ),
)

DESCRIPTION = """## What to expect

{welcome} {practical}

- Doors open half an hour before the start
- {place}
- {extra}

> {quote}
"""
WELCOMES = (
    "Come as you are; newcomers are met at the door.",
    "Half of the people here come alone, and few leave that way.",
    "We start on time and finish on time.",
)
PRACTICAL = (
    "There is a cloakroom, and drinking water at the bar.",
    "Tea and something sweet are included.",
    "Photos are fine, flash is not.",
)
EXTRAS = (
    "Step-free entrance and toilets; write to us if you need anything else",
    "Children are welcome with a grown-up",
    "The house is five minutes from the nearest stop",
)
QUOTES = (
    "The best evening of the month, and I nearly stayed at home.",
    "Small enough to talk to everyone.",
    "I came for an hour and helped to stack the chairs.",
)


def events(now: datetime) -> list[Details]:
    """The programme, counted from the day of `now`; the same day gives the same events."""
    dice = Random(now.toordinal())  # noqa: S311 - which sentence stands where
    return [_details(plan, now, dice) for plan in PLANS]


def _details(plan: Plan, now: datetime, dice: Random) -> Details:
    venue = plan.venue
    midnight = when.wall(now, venue.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = midnight + timedelta(days=plan.day, hours=plan.hour)
    return Details(
        title=plan.title,
        summary=plan.summary,
        description=DESCRIPTION.format(
            welcome=dice.choice(WELCOMES),
            practical=dice.choice(PRACTICAL),
            place=f"We meet at {venue.name}, {venue.address}"
            if venue.name
            else "We meet online; the link opens in any browser",
            extra=dice.choice(EXTRAS),
            quote=dice.choice(QUOTES),
        ),
        starts=starts,
        ends=starts + timedelta(hours=plan.hours),
        doors=starts - timedelta(minutes=30) if venue.name else None,
        zone=venue.zone,
        place_name=venue.name,
        place_address=venue.address,
        latitude=venue.latitude if venue.name else None,
        longitude=venue.longitude if venue.name else None,
        online_url="" if venue.name else "https://meet.example/turnout",
        capacity=plan.capacity,
        tags=plan.tags,
        organiser_name=plan.organiser,
    )
