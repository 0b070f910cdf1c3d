"""What several resources accept or return: targets, filters, meter inputs, temperatures, data-quality reports."""
