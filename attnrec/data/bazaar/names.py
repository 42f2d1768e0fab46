"""What the shop sells, in words: departments, brands and kinds of product.

Every name is invented. A product is one brand's version of a kind: "Espresso
beans, Alder & Finch".
"""

from __future__ import annotations

from dataclasses import dataclass

# Neighbours in this list share brands. The part of the day in which each
# department sells best: 1 morning, 2 midday, 3 evening, 4 night.
CATEGORIES: dict[str, int] = {
    "coffee & tea": 1,
    "kitchen": 2,
    "pantry": 2,
    "garden": 1,
    "outdoors": 3,
    "pets": 1,
    "children": 3,
    "crafts": 4,
    "books & paper": 4,
    "bath & laundry": 3,
}

# Four to a department, in the order above; each also sells in the next one.
BRANDS: tuple[str, ...] = (
    *("Alder & Finch", "Copperkettle Row", "Mornington Vale", "The Slow Cup"),
    *("Hob & Hearthstone", "Tansy Lane", "Oxbow & Daughters", "Plum Street Works"),
    *("Larkmeadow", "Quince & Barley", "Old Saltpan", "Three Mills Yard"),
    *("Mossgrove Common", "Thistle & Spade", "Greenwicket", "Hollybank Row"),
    *("Farfell", "Ridge & Heron", "Stonebeck Trail", "Northlantern"),
    *("Pawprint Parade", "Bramble & Tail", "Whiskerby", "Burrowfield"),
    *("Tumblewood", "Little Pennant", "Moon & Marmalade", "Puddlecombe"),
    *("Threadneedle Barn", "Ochre & Loom", "Wrenspindle", "Paintbox Alley"),
    *("Inkwell & Sparrow", "Foxglove Quarto", "Papermill Bridge", "Lamplit Corner"),
    *("Lavender Steps", "Pebble & Foam", "Cloudline House", "Willowbasin"),
)

VERSIONS: tuple[str, ...] = ("large", "small", "in a gift box", "limited edition")


@dataclass(frozen=True)
class Kind:
    """A kind of product; each is sold in versions by several brands."""

    name: str
    category: str
    price: int
    """Typical price."""
    lag: int
    """Days after which its complements are typically bought."""
    complements: tuple[str, str, str]
    """Kinds bought to go with it, the most usual first."""
    refill: int = 0
    """Days after which it is typically bought again; 0: it lasts."""
    season: int = 0
    """Month (1 to 12) in which it sells best; 0: all the year round."""


def _kinds() -> tuple[Kind, ...]:
    def department(category: str, *rows: tuple) -> list[Kind]:
        return [Kind(row[0], category, *row[1:]) for row in rows]

    # name, price, lag, complements, refill, season
    return (
        *department(
            "coffee & tea",
            ("Espresso beans", 14, 21, ("Espresso cups", "Descaler", "Almond biscuits"), 28),
            ("Espresso machine", 240, 14, ("Coffee grinder", "Espresso beans", "Descaler")),
            ("Coffee grinder", 85, 18, ("Espresso beans", "Storage jar", "Espresso cups")),
            ("Loose-leaf tea", 9, 24, ("Teapot", "Honey", "Almond biscuits"), 35, 11),
            ("Teapot", 38, 14, ("Loose-leaf tea", "Tea towel", "Scented candle")),
        ),
        *department(
            "kitchen",
            ("Cast-iron pan", 55, 21, ("Olive oil", "Sea salt", "Cookbook")),
            ("Chef's knife", 70, 28, ("Cookbook", "Cast-iron pan", "Tea towel")),
            ("Storage jar", 12, 18, ("Bread flour", "Honey", "Loose-leaf tea")),
            ("Espresso cups", 24, 28, ("Espresso machine", "Almond biscuits", "Tea towel")),
            ("Tea towel", 9, 35, ("Hand soap", "Cast-iron pan", "Storage jar"), 0, 12),
        ),
        *department(
            "pantry",
            ("Honey", 8, 21, ("Loose-leaf tea", "Bread flour", "Picture book"), 42, 9),
            ("Olive oil", 15, 24, ("Sea salt", "Chef's knife", "Bread flour"), 38),
            ("Bread flour", 5, 14, ("Storage jar", "Sea salt", "Honey"), 28),
            ("Almond biscuits", 6, 18, ("Espresso beans", "Teapot", "Sticker set"), 24, 12),
            ("Sea salt", 4, 35, ("Cast-iron pan", "Olive oil", "Cookbook"), 56),
        ),
        *department(
            "garden",
            ("Tomato seeds", 4, 14, ("Potting soil", "Watering can", "Field guide"), 0, 3),
            ("Potting soil", 11, 21, ("Tomato seeds", "Secateurs", "Hand soap"), 42, 4),
            ("Watering can", 28, 18, ("Potting soil", "Bird feed", "Tomato seeds"), 0, 5),
            ("Secateurs", 32, 28, ("Potting soil", "Field guide", "Wool socks"), 0, 2),
            ("Bird feed", 10, 24, ("Field guide", "Notebook", "Cat tree"), 28, 1),
        ),
        *department(
            "outdoors",
            ("Two-person tent", 190, 14, ("Sleeping bag", "Camping stove", "Field guide"), 0, 6),
            ("Sleeping bag", 95, 21, ("Wool socks", "Night light", "Two-person tent"), 0, 6),
            ("Camping stove", 60, 14, ("Gas canister", "Cast-iron pan", "Sleeping bag"), 0, 7),
            ("Gas canister", 7, 28, ("Camping stove", "Sea salt", "Wool socks"), 35, 7),
            ("Wool socks", 12, 35, ("Laundry powder", "Merino yarn", "Two-person tent"), 0, 11),
        ),
        *department(
            "pets",
            ("Dog food", 30, 18, ("Chew toy", "Dog lead", "Storage jar"), 28),
            ("Dog lead", 19, 21, ("Dog food", "Wool socks", "Chew toy")),
            ("Chew toy", 9, 28, ("Dog food", "Laundry powder", "Dog lead"), 42),
            ("Cat litter", 14, 24, ("Cat tree", "Hand soap", "Scented candle"), 21),
            ("Cat tree", 75, 14, ("Cat litter", "Bird feed", "Merino yarn")),
        ),
        *department(
            "children",
            ("Wooden blocks", 26, 28, ("Picture book", "Finger paint", "Night light"), 0, 12),
            ("Picture book", 13, 21, ("Night light", "Sticker set", "Wooden blocks")),
            ("Finger paint", 11, 14, ("Sketchbook", "Laundry powder", "Bath towel"), 42),
            ("Night light", 20, 24, ("Picture book", "Scented candle", "Sleeping bag"), 0, 10),
            ("Sticker set", 5, 18, ("Notebook", "Finger paint", "Wooden blocks"), 24),
        ),
        *department(
            "crafts",
            ("Merino yarn", 10, 14, ("Knitting needles", "Wool socks", "Cat tree"), 28, 10),
            ("Knitting needles", 14, 18, ("Merino yarn", "Loose-leaf tea", "Notebook"), 0, 10),
            ("Watercolours", 29, 14, ("Fine brush", "Sketchbook", "Field guide")),
            ("Sketchbook", 13, 21, ("Watercolours", "Ink bottle", "Fine brush"), 45),
            ("Fine brush", 8, 24, ("Watercolours", "Ink bottle", "Finger paint")),
        ),
        *department(
            "books & paper",
            ("Cookbook", 27, 18, ("Chef's knife", "Olive oil", "Bread flour"), 0, 12),
            ("Field guide", 21, 24, ("Bird feed", "Watercolours", "Camping stove"), 0, 5),
            ("Notebook", 11, 21, ("Fountain pen", "Espresso beans", "Sketchbook"), 42, 9),
            ("Fountain pen", 45, 14, ("Ink bottle", "Notebook", "Teapot")),
            ("Ink bottle", 12, 28, ("Fountain pen", "Notebook", "Hand soap"), 49),
        ),
        *department(
            "bath & laundry",
            ("Hand soap", 7, 24, ("Bath towel", "Scented candle", "Tea towel"), 30),
            ("Bath towel", 22, 21, ("Laundry powder", "Hand soap", "Night light")),
            ("Laundry powder", 13, 28, ("Bath towel", "Descaler", "Dog food"), 35),
            ("Descaler", 8, 35, ("Espresso machine", "Espresso beans", "Laundry powder"), 52),
            ("Scented candle", 18, 18, ("Bath towel", "Picture book", "Loose-leaf tea"), 0, 12),
        ),
    )


KINDS: tuple[Kind, ...] = _kinds()
