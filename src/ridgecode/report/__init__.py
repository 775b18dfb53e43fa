"""The report: evaluated runs to one page, Markdown, CSV and figures."""
