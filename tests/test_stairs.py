"""The picture of the ladder tells what the flow table tells, each title and pool once."""

import made_results

from zjtx_pipeline.report.stairs import stairs
from zjtx_pipeline.rules import load_rules

RULES = load_rules()


def test_every_title_and_pool_stands_in_the_picture_with_its_counts():
    made = stairs(made_results.inputs())
    assert [step.name for step in made.steps] == list(RULES.tiers.ladder)
    assert {step.name for step in (*made.steps, *made.others)} == set(RULES.tiers.types) and len(made.pools) == 2
    second = made.steps[1]
    assert (second.opening, second.entered, second.left, second.closing, second.promoted) == ("2,000", "24", "2", "2,022", "2")
    assert "省专精特新期初2,000家，转入24家（其中晋级2家），转出2家，期末2,022家" in made.told and "培育库·创新型期初" in made.told


def test_the_ladder_rises_to_the_right():
    steps = stairs(made_results.inputs()).steps
    assert [int(step.x) for step in steps] == sorted(int(step.x) for step in steps)
    assert [int(step.y) for step in steps] == sorted((int(step.y) for step in steps), reverse=True)


def test_where_titles_were_not_counted_there_is_no_picture_and_without_pools_one_without_them():
    flows = made_results.flows()
    assert stairs(made_results.inputs(flows=None)) is None
    assert stairs(made_results.inputs(flows=flows[flows["kind"].eq("培育库")])) is None
    assert stairs(made_results.inputs(flows=flows[flows["kind"].eq("资质")])).pools == ()
