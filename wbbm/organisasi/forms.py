"""Forms of sign-in and account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password

from .auth import MAX_NAME, MAX_PASSWORD
from .errors import OrganisationError
from .models import User

_SIZE = {"class": "form-control form-control-lg"}


class SignInForm(forms.Form):
    """User name or NRP, and password."""

    username = forms.CharField(
        label="NRP atau nama pengguna",
        max_length=MAX_NAME,
        help_text="Contoh: 87010234 atau kapolsek.senori",
        widget=forms.TextInput(
            attrs=_SIZE | {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label="Kata sandi",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs=_SIZE | {"autocomplete": "current-password"}),
    )


class ForgotPasswordForm(forms.Form):
    """Whose password is forgotten."""

    username = forms.CharField(
        label="NRP atau nama pengguna",
        max_length=MAX_NAME,
        help_text="Tautan dikirim ke alamat surel yang tercatat untuk akun ini.",
        widget=forms.TextInput(
            attrs=_SIZE | {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class OwnPasswordForm(forms.Form):
    """A new password, twice."""

    password = forms.CharField(
        label="Kata sandi baru",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs=_SIZE | {"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label="Ulangi kata sandi baru",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs=_SIZE | {"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].help_text = password_validators_help_text_html()

    def clean(self) -> dict[str, Any]:
        """Check that both are the same and that the password is good enough."""
        values = super().clean() or {}
        password, again = values.get("password"), values.get("again")
        if password and again and password != again:
            self.add_error("again", "Kedua kata sandi berbeda. Ketik sekali lagi.")
        if password:
            try:
                validate_password(password, self.user)
            except forms.ValidationError as fault:
                self.add_error("password", fault)
        return values


class ChangePasswordForm(OwnPasswordForm):
    """The present password, and a new one twice."""

    field_order = ["current", "password", "again"]
    current = forms.CharField(
        label="Kata sandi sekarang",
        max_length=MAX_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs=_SIZE | {"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, check: Callable[[str], None], **kwargs: Any) -> None:
        """Take what checks the present password; it counts wrong ones."""
        super().__init__(*args, **kwargs)
        self._check = check
        self.refused_by = 422

    def clean_current(self) -> str:
        """Check the present password."""
        current: str = self.cleaned_data["current"]
        try:
            self._check(current)
        except OrganisationError as refusal:
            self.refused_by = refusal.status
            raise forms.ValidationError(refusal.message) from refusal
        return current
