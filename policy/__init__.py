"""The rules of the index and the one function that decides by them. Import the module that has what you need.

From the ground up; each knows only what stands above it:

- `vocabulary`, `errors`: the words of rules, facts and decisions, and what can be wrong with a set.
- `catalogue`, `facts`: what exists, and what is known of one look-up.
- `engine`: two engines that must agree; all that knows how Cedar is carried out.
- `rule_text`, `in_force`: one rule, and all that counts over one stretch of days.
- `selftest`, `upkeep.promises`, `telling.wording`: what a set must show before it is used, and the other files in it.
- `rulesets`: from files to a set, or nothing at all.
- `pdp`: the decision point. One module of the product may import it, so nothing is re-exported here.
- `telling`: a decision in words. `upkeep`: examples and readable texts. `proving`: what holds for every look-up, and
  what a change opens; only for commands, as it needs a solver.
"""
