"""How many people took part, how many finished, whom the metrics look at."""

from trimetric.domain.studies import Counts


def participants_block(counts: Counts, *, left_out: int = 0) -> dict[str, int | float | None]:
    """The `participants` block of the API. Only `excluded` and `analysed` follow exclusion.

    `left_out` people are not analysed for another reason.
    """
    return {
        "started": counts.participants,
        "completed": counts.completed,
        "abandoned": counts.participants - counts.completed,
        "excluded": counts.excluded,
        "analysed": counts.completed - counts.excluded_completed - left_out,
        "completion_rate": counts.completed / counts.participants if counts.participants else None,
    }
