"""A study that is no paper's has a name and no number."""

from inscape.studies.paper import Paper
from inscape.studies.study import Study

NUMBERLESS = Study(number=None, name="The Contest", paper=Paper("None", 2026), claims=[])


def test_a_study_without_a_number_is_named_by_its_words():
    assert NUMBERLESS.slug == "the-contest"
    assert NUMBERLESS.call_name == "the-contest"


def test_a_study_with_a_number_is_called_by_it():
    assert Study(number=8, name="x y", paper=Paper("None", 2026), claims=[]).slug == "08-x-y"
    assert Study(number=8, name="x y", paper=Paper("None", 2026), claims=[]).call_name == "8"
