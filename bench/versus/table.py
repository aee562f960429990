"""The one table of a comparison, in Markdown, so that it can be put into a README as it is."""


def figure(value):
    """Three to four digits that matter."""
    if value >= 1e6:
        return f"{value / 1e6:,.2f} M"
    if value >= 1e4:
        return f"{value / 1e3:,.0f} k"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(report, rows):
    machine = report["machine"]
    peers = ", ".join(f"{name} {version}" for name, version in report["peers"].items())
    lines = [f"{report['customers']:,} customers, medians of {report['pairs']} pairs, {machine['processor']}, "
             f"{machine['processors']} of {machine['of']} processors, {machine['memory_gb']} GB" + (f"; {peers}" if peers else ""),
             "", "| what | against | it | kundig | unit | ahead by | target | met | |", "| --- | --- | ---: | ---: | --- | ---: | ---: | --- | --- |"]
    for row in rows:
        target = "" if row.target is None else f"{row.target:,.3g} x"
        met = "" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.name} | {row.peer} | {figure(row.peer_value)} | {figure(row.value)} | {row.unit} | {row.ratio:.2f} x | "
                     f"{target} | {met} | {row.note} |")
    judged = [row for row in rows if row.met is not None]
    lines += ["", f"{sum(row.met for row in judged)} of {len(judged)} targets met"]
    return "\n".join(lines) + "\n"
