"""From Post to Verdict; the only package that knows jieba and scikit-learn."""
