"""Records joined into parties, under rules that no chain of links may break.

Belongs here: the order in which links are taken, what refuses one, what a party is. Does not: where
links come from.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True)
class Link:
    """Two records that may be one party.

    Attributes:
        rank: which rule says so; 0 is the strongest.
        odds: log2 of the odds, in millionths; of two links of one rule the likelier goes first.
        low: the one record.
        high: the other, with the larger number.
    """

    rank: int
    odds: int
    low: int
    high: int


@dataclass(frozen=True)
class Refusal:
    """A link that was not taken, and why."""

    link: Link
    reason: str


@dataclass(frozen=True)
class Limits:
    """What refuses a link beyond the tax number.

    Attributes:
        records: a party of more is a mistake, unless the sources say so themselves.
        sourced_rank: links up to this rank are the sources' own word; no limit binds them.
        customers_odds: by rank, the odds from which two known customers become one.
    """

    records: int
    sourced_rank: int
    customers_odds: int


class Parties:
    """Disjoint sets of records, each with at most one tax number.

    Links are taken strongest first, all of one strength at once: where such a group would join two
    tax numbers nothing says which of its links is right, so all of them are refused. Which record
    stands first in a file therefore decides nothing.
    """

    def __init__(
        self,
        tax_keys: list[str | None],
        customers: list[str | None],
        apart: Iterable[tuple[int, int]],
        limits: Limits,
    ) -> None:
        self._above = list(range(len(tax_keys)))
        self._size = [1] * len(tax_keys)
        self._tax = list(tax_keys)
        self._customers = [frozenset([c] if c else []) for c in customers]
        self._apart: dict[int, set[int]] = defaultdict(set)
        for one, other in apart:
            self._apart[one].add(other)
            self._apart[other].add(one)
        self._limits = limits
        self.taken: list[Link] = []
        self.refused: list[Refusal] = []

    def of(self, record: int) -> int:
        """The party of a record: the number of one of its records."""
        above = self._above
        while above[record] != record:
            above[record] = above[above[record]]
            record = above[record]
        return record

    def join_clear(self, links: Iterable[Link], doubtful: Iterable[Link] = ()) -> None:
        """Take links, but none from a party without tax number that is drawn to two of them: a
        company and its namesake next door differ in nothing else.

        Args:
            links: what is likely enough to be taken.
            doubtful: what is not, and yet draws: a namesake whom a person would have to rule out.
        """
        drawn_to: dict[int, set[str]] = defaultdict(set)
        ends = [(link, self.of(link.low), self.of(link.high)) for link in links]
        for link in (*(link for link, _, _ in ends), *doubtful):
            one, other = self.of(link.low), self.of(link.high)
            for here, there in ((one, other), (other, one)):
                if self._tax[here] is None and self._tax[there] is not None:
                    drawn_to[here].add(self._tax[there])
        clear = []
        for link, one, other in ends:
            torn = any(
                self._tax[there] is not None and len(drawn_to.get(here, ())) > 1
                for here, there in ((one, other), (other, one))
            )
            if torn:
                self.refused.append(Refusal(link, "tax_ids_differ"))
            else:
                clear.append(link)
        self.join(clear)

    def join(self, links: Iterable[Link]) -> None:
        """Take links, strongest first; what is refused is kept with its reason."""
        ordered = sorted(links, key=lambda k: (k.rank, -k.odds, k.low, k.high))
        for _, together in groupby(ordered, key=lambda k: (k.rank, k.odds)):
            self._join_alike(list(together))

    def _join_alike(self, links: list[Link]) -> None:
        """Links of one strength: each connected group is taken whole or refused whole."""
        root = {}

        def find(party: int) -> int:
            while root.setdefault(party, party) != party:
                root[party] = root[root[party]]
                party = root[party]
            return party

        for link in links:
            one, other = find(self.of(link.low)), find(self.of(link.high))
            root[max(one, other)] = min(one, other)
        parties, of_group = defaultdict(list), defaultdict(list)
        for party in root:
            parties[find(party)].append(party)
        for link in links:
            of_group[find(self.of(link.low))].append(link)
        for group, found in of_group.items():
            reason = self._against(sorted(parties[group]), found[0])
            if reason:
                self.refused += [Refusal(link, reason) for link in found]
                continue
            for link in found:
                self._merge(link)

    def _against(self, parties: list[int], link: Link) -> str | None:
        """Why these must not become one."""
        if len(parties) == 1:
            return None
        if len({self._tax[p] for p in parties} - {None}) > 1:
            return "tax_ids_differ"
        if any(self._apart[p] & set(parties) for p in parties if p in self._apart):
            return "decided_apart"
        if link.rank <= self._limits.sourced_rank:
            return None
        if sum(self._size[p] for p in parties) > self._limits.records:
            return "party_too_large"
        customers = frozenset().union(*(self._customers[p] for p in parties))
        if len(customers) > 1 and link.odds < self._limits.customers_odds:
            return "two_customers"
        return None

    def _merge(self, link: Link) -> None:
        one, other = sorted((self.of(link.low), self.of(link.high)))
        if one == other:
            return
        self._above[other] = one
        self._size[one] += self._size[other]
        self._tax[one] = self._tax[one] or self._tax[other]
        self._customers[one] |= self._customers[other]
        # who was to stay apart from the party that is gone stays apart from the one it joined
        for third in self._apart.pop(other, ()):
            self._apart[third].discard(other)
            self._apart[third].add(one)
            self._apart[one].add(third)
        self.taken.append(link)
