"""Durations as kubectl prints them: 45s, 3m20s, 5h, 12d."""

from datetime import UTC, datetime


def age(time: str | None, at: datetime | None = None) -> str:
    """How long ago `time` (RFC 3339) was; `<unknown>` without one."""
    if not time:
        return "<unknown>"
    try:
        then = datetime.fromisoformat(time)
    except ValueError:
        return "<invalid>"
    return duration(max(0, int(((at or datetime.now(UTC)) - then).total_seconds())))


def duration(seconds: int) -> str:
    """Whole seconds with the two largest units that matter, by kubectl's thresholds."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 365 * 2:
        return f"{days}d"
    if days < 365 * 8:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(first: int, unit: str, second: int, smaller: str) -> str:
    return f"{first}{unit}{second}{smaller}" if second else f"{first}{unit}"
