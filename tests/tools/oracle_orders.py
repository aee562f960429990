"""Prints what the plain Python check makes of a file of orders: counts, orders, returns, attributes.

    oracle_orders.py FOLDER_OF_ORACLE ZONE FILE [COLUMNS]
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
from oracle import EPOCH, Book  # noqa: E402

book = Book({"book": {"time_zone": sys.argv[2]}})
counts = book.load_orders(sys.argv[3], columns=sys.argv[4] if len(sys.argv) > 4 else None)
lines = []
for cid, customer in book.customers.items():
    for kind, found in (("order", customer.orders), ("return", customer.returns)):
        for key, (day, amount, margin, *items) in found.items():
            lines.append("|".join(str(part) for part in (
                kind, cid, key, (day - EPOCH).days, amount, "" if margin is None else margin, *items)))
    if customer.attributes:
        values = (customer.attributes.get(name, "") for name in ("country", "kind", "region"))
        lines.append("|".join(("customer", cid, *values)))
skipped = ",".join(f"{why}={n}" for why, n in sorted(counts["skipped"].items()))
print(counts["rows"], counts["orders"], counts["returns"], len(book.customers), skipped or "-")
print("\n".join(sorted(lines)))
