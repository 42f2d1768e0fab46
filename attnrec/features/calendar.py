"""What a moment means: the hour, the weekday, the season, where the shop is."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence

import pandas as pd

from attnrec.errors import DataError, did_you_mean

_LEVELS: dict[str, tuple[int, ...] | tuple[str, ...]] = {
    "hour": tuple(range(24)),
    "weekday": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "month": (
        *("January", "February", "March", "April", "May", "June", "July"),
        *("August", "September", "October", "November", "December"),
    ),
    "season": ("winter", "spring", "summer", "autumn"),
    "weekend": ("weekday", "weekend"),
    "part_of_day": ("night", "morning", "afternoon", "evening"),
}
NAMES = tuple(_LEVELS)
_TOO_LATE = 1e11  # seconds: the year 5138


def calendar(
    times: pd.Series,
    names: Sequence[str],
    time_zone: str | None = None,
    *,
    southern: bool = False,
) -> pd.DataFrame:
    """Calendar features of moments.

    ============= ====================================================================
    hour          0 to 23
    weekday       Monday to Sunday
    month         January to December
    season        winter from December, spring from March, summer from June, autumn
                  from September; half a year later in the south
    weekend       weekday, or weekend, which is Saturday and Sunday
    part_of_day   night from 0, morning from 6, afternoon from 12, evening from 18
    ============= ====================================================================

    Args:
        times: dates, or seconds since 1970. Without a zone they are in UTC.
        names: of features.
        time_zone: that of the shop, as IANA calls it, into which times are turned; None
            leaves them as they are.
        southern: the shop is south of the equator.

    Returns:
        A column a name, in their order, indexed as `times`: categories in the order
        above. What is missing stays missing.

    Raises:
        DataError: a name or zone that is not known, or times that are neither
            dates nor seconds.

    Example:
        >>> noon = pd.Series(pd.to_datetime(["2021-07-04 12:00"]))
        >>> calendar(noon, ["hour", "weekday"], "Europe/London").values.tolist()
        [[13, 'Sunday']]
    """
    if isinstance(names, str):
        raise DataError(f"names: expected several, such as [{names!r}]")
    for name in names:
        if name not in NAMES:
            hint = did_you_mean(name, NAMES)
            raise DataError(f"names: expected some of {', '.join(NAMES)}, got {name!r}{hint}")
    local = in_zone(_dates(times), time_zone)
    return pd.DataFrame({name: _feature(name, local, southern) for name in names}, times.index)


def _feature(name: str, local: pd.Series, southern: bool) -> pd.Series:
    moment = local.dt
    codes = {
        "hour": moment.hour,
        "weekday": moment.day_of_week,
        "month": moment.month - 1,
        "season": (moment.month % 12 // 3 + 2 * southern) % 4,
        "weekend": moment.day_of_week // 5,
        "part_of_day": moment.hour // 6,
    }[name]
    known = codes.fillna(-1).astype("int64")
    values = pd.Categorical.from_codes(known, categories=list(_LEVELS[name]), ordered=True)
    return pd.Series(values, index=local.index)


def _dates(times: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(times):
        return times
    if pd.api.types.is_bool_dtype(times) or not pd.api.types.is_numeric_dtype(times):
        raise DataError(
            f"times: expected dates or seconds since 1970, got {times.dtype}; pd.to_datetime "
            "reads text"
        )
    seconds = times.astype("float64")
    seconds = seconds.where(seconds.abs() != float("inf"))
    if (seconds.abs() >= _TOO_LATE).any():
        raise DataError(
            f"times: expected seconds since 1970, got {seconds.abs().max():.4g}, which lies after "
            "the year 5138; milliseconds?"
        )
    return pd.to_datetime((seconds // 1).astype("Int64"), unit="s")


def in_zone(dates: pd.Series, time_zone: str | None) -> pd.Series:
    """Dates as the clocks of a zone show them; those without a zone are in UTC.

    Raises:
        DataError: a zone that is not known.
    """
    if time_zone is None:
        return dates
    try:
        zone = zoneinfo.ZoneInfo(time_zone)
    except (OSError, TypeError, ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        hint = did_you_mean(time_zone, sorted(zoneinfo.available_timezones()))
        raise DataError(
            f"time_zone: expected a name such as 'Europe/London', got {time_zone!r}{hint}"
        ) from error
    return (dates if dates.dt.tz is not None else dates.dt.tz_localize("UTC")).dt.tz_convert(zone)
