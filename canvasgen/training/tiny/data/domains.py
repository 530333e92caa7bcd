"""What the synthetic texts are about: fields with their names, kinds, labels and phrasings.

In every tuple of phrasings with four or more entries the last one is held out for ``test_hard``.
"""

from __future__ import annotations

from canvasgen.training.tiny.data.record_fields import Domain
from canvasgen.training.tiny.data.record_fields import field as _f

PERSON = Domain(
    "person",
    _f("name full_name person", "name"),
    (
        _f(
            "age years",
            "age",
            "is {} years old|is {}|turned {}|has reached the age of {}",
            "{} years old|aged {}|age {}|{} years of age",
        ),
        _f(
            "city town home location",
            "city",
            "lives in {}|is based in {}|comes from {}|resides in {}",
            "from {}|living in {}|based in {}|at home in {}",
        ),
        _f("country nation", "country", "was born in {}|is a citizen of {}|grew up in {}", "a citizen of {}"),
        _f(
            "job occupation profession role",
            "job",
            "works as a {}|is a {}|earns a living as a {}|is employed as a {}",
            "a {}|working as a {}",
        ),
        _f(
            "company employer",
            "company",
            "works for {}|works at {}|is employed by {}|has a position at {}",
            "employed by {}|of {}",
        ),
        _f(
            "email mail email_address",
            "email",
            "can be reached at {}|uses the email {}|writes from {}|has the address {}",
            "email {}|{}",
        ),
        _f(
            "phone telephone phone_number",
            "phone",
            "answers the phone at {}|has the phone number {}|can be called at {}|is on {}",
            "phone {}|tel. {}",
        ),
        _f("birth_date born birthday", "date", "was born on {}|has the birth date {}", "born {}|born on {}"),
        _f("married", "bool", "is married|has a spouse", "married", "", "is single|is not married"),
        _f("languages spoken_languages", "[language]", "speaks {}|is fluent in {}|knows {}", "fluent in {}"),
        _f(
            "hobbies interests",
            "[hobby]",
            "likes {}|enjoys {}|is fond of {}|spends weekends on {}",
            "a fan of {}",
        ),
        _f("height", "weight", "is {} feet tall", "{} feet tall"),
    ),
    ("She", "He"),
    {"address": ("city", "country"), "contact": ("email", "phone"), "work": ("job", "company")},
)
PRODUCT = Domain(
    "product",
    _f("name product title item", "product"),
    (
        _f(
            "price cost",
            "price",
            "costs ${}|sells for ${}|is priced at ${}|goes for ${}",
            "price ${}|at ${}|only ${}|${} each",
        ),
        _f("color colour", "color", "comes in {}|is painted {}|is {} in color", "in {}"),
        _f(
            "stock quantity in_stock",
            "small",
            "has {} units in stock|is stocked {} times|counts {} left",
            "{} in stock|{} left|stock of {}",
        ),
        _f(
            "brand maker manufacturer",
            "company",
            "is made by {}|is a product of {}|is sold by {}|was built by {}",
            "by {}|made by {}",
        ),
        _f("weight", "weight", "weighs {} kg|has a weight of {} kg", "{} kg|weighing {} kg"),
        _f(
            "category",
            "enum",
            "belongs to the {} section|is listed under {}",
            "category {}",
            "kitchen office garden sport toys travel",
        ),
        _f(
            "available",
            "bool",
            "is available now|can be ordered",
            "available",
            "",
            "is sold out|cannot be ordered",
        ),
        _f("tags keywords", "[topic]", "is tagged {}|has the tags {}", "tags {}"),
        _f("sku code", "code", "has the code {}|is listed as {}", "code {}"),
    ),
    ("It", "The product", "The item"),
    {"maker": ("brand",), "details": ("color", "weight")},
)
ORDER = Domain(
    "order",
    _f("order_id id number order", "code"),
    (
        _f(
            "customer buyer client",
            "name",
            "was placed by {}|is for {}|belongs to {}|was requested by {}",
            "from {}|for {}|customer {}",
        ),
        _f("item product", "product", "contains a {}|is for one {}", "item {}"),
        _f(
            "quantity amount count", "small", "has a quantity of {}|counts {} pieces", "{} pieces|quantity {}"
        ),
        _f(
            "total price sum",
            "price",
            "comes to ${}|totals ${}|has a total of ${}|amounts to ${}",
            "total ${}|${} in all",
        ),
        _f("date order_date", "date", "was placed on {}|is dated {}|arrived on {}", "dated {}|of {}"),
        _f(
            "status state",
            "enum",
            "is {}|is now {}|has the status {}|is marked {}",
            "status {}|{}",
            "shipped pending delivered cancelled paid open",
        ),
        _f(
            "city destination ship_to",
            "city",
            "ships to {}|goes to {}|will be sent to {}|is bound for {}",
            "to {}|destination {}",
        ),
        _f("street", "street", "will be delivered to {}|goes to {}", "street {}"),
        _f("paid", "bool", "has been paid|was paid in full", "paid", "", "has not been paid|is unpaid"),
        _f("email contact", "email", "has the contact {}|is confirmed to {}", "contact {}"),
    ),
    ("It", "The order", "This order"),
    {"address": ("street", "city"), "shipping": ("city", "date"), "buyer": ("customer", "email")},
)
EVENT = Domain(
    "event",
    _f("title event name", "event"),
    (
        _f(
            "date day",
            "date",
            "takes place on {}|is held on {}|starts on {}|is planned for {}",
            "on {}|date {}",
        ),
        _f("time start_time", "time", "starts at {}|begins at {}|opens at {}", "at {}"),
        _f(
            "city place location venue",
            "city",
            "takes place in {}|is held in {}|happens in {}|will be in {}",
            "in {}|at {}",
        ),
        _f(
            "attendees participants guests",
            "small",
            "expects {} guests|has {} attendees|drew {} people|welcomes {} visitors",
            "{} guests|with {} attendees",
        ),
        _f(
            "organizer host",
            "name",
            "is organized by {}|is hosted by {}|is run by {}|is led by {}",
            "hosted by {}|organized by {}",
        ),
        _f("speakers", "[name]", "features {}|has talks by {}", "with talks by {}"),
        _f("sponsor", "company", "is sponsored by {}|is paid for by {}", "sponsored by {}"),
        _f(
            "online remote",
            "bool",
            "is held online|can be joined online",
            "online",
            "",
            "is on site only|cannot be joined online",
        ),
        _f("fee price", "price", "costs ${} to attend|has a fee of ${}", "fee ${}|entry ${}"),
        _f("topics", "[topic]", "covers {}|is about {}", "about {}"),
    ),
    ("It", "The event"),
    {"when": ("date", "time"), "where": ("city",), "host": ("organizer", "sponsor")},
)
TICKET = Domain(
    "ticket",
    _f("title summary problem", "problem"),
    (
        _f("ticket_id id ticket", "code", "is filed as {}|has the id {}|is known as {}", "ticket {}|id {}"),
        _f(
            "priority severity",
            "enum",
            "has {} priority|is of {} priority",
            "priority {}|{} priority",
            "low medium high urgent",
        ),
        _f(
            "status state",
            "enum",
            "is {}|is currently {}|has the status {}|is marked {}",
            "status {}",
            "open closed blocked waiting",
        ),
        _f(
            "assignee owner",
            "name",
            "is assigned to {}|is handled by {}|was given to {}|is in the hands of {}",
            "assigned to {}|owner {}",
        ),
        _f(
            "reporter author",
            "name",
            "was reported by {}|was filed by {}|was opened by {}|was sent in by {}",
            "reported by {}",
        ),
        _f(
            "created opened date",
            "date",
            "was created on {}|was opened on {}|dates from {}",
            "created {}|of {}",
        ),
        _f("team", "topic", "belongs to the {} team|is with the {} team", "team {}"),
        _f("votes", "small", "has {} votes|got {} votes", "{} votes"),
        _f("labels", "[topic]", "carries the labels {}|is labelled {}", "labels {}"),
        _f("urgent", "bool", "is urgent|must be fixed today", "urgent", "", "is not urgent|can wait"),
    ),
    ("It", "The ticket", "The problem"),
    {"people": ("assignee", "reporter"), "meta": ("created", "ticket_id")},
)
TRIP = Domain(
    "trip",
    _f("traveler passenger name", "name"),
    (
        _f(
            "origin departure from_city",
            "city",
            "leaves from {}|departs from {}|starts in {}|sets out from {}",
            "from {}",
        ),
        _f(
            "destination arrival to_city",
            "city",
            "travels to {}|flies to {}|goes to {}|is heading to {}",
            "to {}|bound for {}",
        ),
        _f("date travel_date", "date", "travels on {}|leaves on {}|departs on {}", "on {}"),
        _f("seat", "code", "has seat {}|sits in {}", "seat {}"),
        _f("airline carrier", "company", "flies with {}|booked with {}", "with {}"),
        _f("fare price", "price", "paid ${}|bought the ticket for ${}", "fare ${}"),
        _f("bags luggage", "small", "brings {} bags|checks in {} bags", "{} bags"),
        _f("stops", "[city]", "stops in {}|changes in {}", "via {}"),
        _f(
            "vegetarian",
            "bool",
            "eats no meat|is a vegetarian",
            "vegetarian",
            "",
            "eats meat|is not a vegetarian",
        ),
    ),
    ("She", "He", "The traveler"),
    {"route": ("origin", "destination"), "booking": ("airline", "fare")},
)
COMPANY = Domain(
    "company",
    _f("company name business", "company"),
    (
        _f(
            "ceo director head",
            "name",
            "is led by {}|is run by {}|has the director {}|is headed by {}",
            "led by {}|director {}",
        ),
        _f(
            "city headquarters location",
            "city",
            "is based in {}|has its offices in {}|sits in {}|operates from {}",
            "of {}|based in {}",
        ),
        _f("country", "country", "was founded in {}|is registered in {}", "registered in {}"),
        _f(
            "employees staff",
            "number",
            "employs {} people|has {} employees|has a staff of {}|counts {} workers",
            "{} employees|staff of {}",
        ),
        _f(
            "founded since",
            "year",
            "was founded in {}|has existed since {}|started in {}|opened its doors in {}",
            "founded in {}|since {}",
        ),
        _f("email contact", "email", "can be reached at {}|answers mail at {}", "contact {}|email {}"),
        _f("phone", "phone", "has the phone number {}|can be called at {}", "phone {}"),
        _f("industry sector", "topic", "works in {}|is active in {}|is in the {} business", "in {}"),
        _f(
            "public listed",
            "bool",
            "is listed on the stock exchange|is a public company",
            "public",
            "",
            "is privately held|is not a public company",
        ),
        _f("products", "[product]", "makes {}|sells {}", "maker of {}"),
    ),
    ("It", "The company", "The firm"),
    {"address": ("city", "country"), "contact": ("email", "phone")},
)
DOMAINS: tuple[Domain, ...] = (PERSON, PRODUCT, ORDER, EVENT, TICKET, TRIP, COMPANY)
