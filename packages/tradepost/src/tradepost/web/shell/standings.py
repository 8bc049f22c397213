"""How the channels stand: the sentence of *Today*, which the bell, the switcher and each pill say shorter."""

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from django.http import HttpRequest

from tradepost.database.models import Channel
from tradepost.domain.channels.standing import STANDINGS, ChannelFacts, ChannelStanding, Standing, standing_of
from tradepost.engine.standings import facts_of
from tradepost.web.shell.channels import channels_in_use

COLOURS = {Standing.WELL: "success", Standing.WATCH: "warning", Standing.STOPPED: "danger"}
OUT_OF_USE = "out of use"
CHANNEL_COLOURS: Mapping[str, str] = {
    **{state.value: COLOURS[standing] for state, standing in STANDINGS.items()},
    OUT_OF_USE: "info",
}
# As long as the request itself.
_FACTS: WeakKeyDictionary[HttpRequest, dict[int, ChannelFacts]] = WeakKeyDictionary()


def channel_facts(request: HttpRequest) -> dict[int, ChannelFacts]:
    """What each channel in use is judged by, without what has to be counted; a page that only shows asks once."""
    found = _FACTS.get(request)
    if found is None:
        found = facts_of(channels_in_use(request))
        if request.method == "GET":
            _FACTS[request] = found
    return found


def channel_state(request: HttpRequest, channel: Channel) -> dict[str, str]:
    """Say how a channel stands in two words and a colour."""
    return state_of(channel_facts(request).get(channel.pk))


def state_of(facts: ChannelFacts | None) -> dict[str, str]:
    """As `channel_state`; without facts the channel is out of use."""
    state = OUT_OF_USE if facts is None else standing_of(facts).state.value
    return {"state": state, "colour": CHANNEL_COLOURS[state]}


def failed_work(request: HttpRequest, channel: Channel) -> ChannelStanding | None:
    """What of a channel has failed and is not done again yet, in the words of the page; None where all went well."""
    facts = channel_facts(request).get(channel.pk)
    return standing_of(ChannelFacts(failed=facts.failed)) if facts is not None and facts.failed else None
