"""Write the reference of who may do what: .venv/bin/python docs/reference/write_roles.py"""

from pathlib import Path

from tradepost.domain.people.roles import ABOUT, ACTS, Role

HEAD = """# Who may do what

Written by `write_roles.py` from the table that pages, their actions and commands go by. Acts are named as the commands
that do them; an action of a page is the act of the command with the same effect.
[People and rights](../how-to/people.md) says how people get a role.

"""


def text() -> str:
    roles = "".join(f"- *{role.value.capitalize()}* {ABOUT[role]}.\n" for role in Role)
    nouns = dict.fromkeys(act.split(" ")[0] for act in ACTS)
    rows = "".join(f"| {noun} | {' | '.join(_verbs(noun, role) for role in Role)} |\n" for noun in sorted(nouns))
    header = " | ".join(["", *(role.value for role in Role), ""]).strip()
    return f"{HEAD}{roles}\nEach role may do what those to the left of it may.\n\n| {header}\n|---|---|---|---|\n{rows}"


def _verbs(noun: str, role: Role) -> str:
    verbs = [
        act.partition(" ")[2] or "(itself)"
        for act, least in ACTS.items()
        if act.split(" ")[0] == noun and least is role
    ]
    return ", ".join(verbs)


if __name__ == "__main__":
    Path(__file__).with_name("roles.md").write_text(text(), encoding="utf-8")
