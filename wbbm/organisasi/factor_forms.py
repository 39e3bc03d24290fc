"""Forms of the second factor."""

from __future__ import annotations

from django import forms

from .services.factor_resets import MOST_WORDS

_SIZE = {"class": "form-control form-control-lg zi-otp"}


class CodeInput(forms.PasswordInput):
    """Shows what is typed, and never what was typed before: that code is over."""

    input_type = "text"


class CodeForm(forms.Form):
    """Six figures from the phone, or a printed recovery code; blanks don't matter."""

    code = forms.CharField(
        label="Kode",
        max_length=40,
        error_messages={"required": "Ketik kode yang tampil di ponsel."},
        widget=CodeInput(
            attrs=_SIZE
            | {
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class ResetForm(forms.Form):
    """Why a second factor is to be reset."""

    reason = forms.CharField(
        label="Alasan",
        max_length=MOST_WORDS,
        help_text="Apa yang terjadi, dan bagaimana Anda memastikan bahwa orangnya sendiri yang meminta.",
        error_messages={"required": "Tulis alasannya."},
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 3}),
    )
