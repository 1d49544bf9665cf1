"""From the web to Post; the only package that knows Scrapy."""
