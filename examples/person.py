"""From a sentence to a pydantic instance, on the model that ships with the package: no download, no GPU."""

from pydantic import BaseModel

import canvasgen


class Person(BaseModel):
    name: str
    age: int
    city: str


if __name__ == "__main__":
    person = canvasgen.generate("Alice Smith, 34 years old, lives in Paris.", schema=Person)
    print(repr(person))


# Prints:
# Person(name='Alice Smith', age=34, city='Paris')
