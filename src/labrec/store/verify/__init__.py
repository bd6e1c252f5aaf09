"""Verification that never trusts git's own answer: see `verify`."""

from labrec.store.verify.report import Finding, VerifyReport
from labrec.store.verify.run import verify

__all__ = ["Finding", "VerifyReport", "verify"]
