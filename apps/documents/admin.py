"""Documents and their people, for administrators. The text is never shown: it belongs to its writers."""

from typing import ClassVar

from django.contrib import admin

from apps.documents.models import Document, Invitation, Membership, ShareLink


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    model = Membership
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("__str__", "id", "word_count", "created_at", "edited_at", "edited_by", "trashed_at")
    list_filter = (("trashed_at", admin.EmptyFieldListFilter), "created_at", "edited_at")
    list_select_related = ("edited_by",)
    search_fields = ("id", "title", "memberships__user__email")
    date_hierarchy = "created_at"
    fields = ("id", "title", "word_count", "created_at", "edited_at", "edited_by", "trashed_at")
    readonly_fields = fields
    inlines: ClassVar = [MembershipInline]

    def has_add_permission(self, request: object) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("document", "user", "role", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("document", "user")
    search_fields = ("document__title", "document__id", "user__email", "user__name")
    autocomplete_fields = ("document", "user")


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ("email", "document", "role", "invited_by", "created_at")
    list_filter = ("role", "created_at")
    list_select_related = ("document", "invited_by")
    search_fields = ("email", "document__title", "document__id", "invited_by__email")
    autocomplete_fields = ("document", "invited_by")


@admin.register(ShareLink)
class ShareLinkAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Which links there are. Where they lead is for owners alone; deleting one revokes it."""

    list_display = ("id", "document", "role", "created_by", "created_at", "expires_at", "last_used_at")
    list_filter = ("role", "created_at", ("expires_at", admin.EmptyFieldListFilter))
    list_select_related = ("document", "created_by")
    search_fields = ("document__title", "document__id", "created_by__email")
    fields = ("id", "document", "role", "created_by", "created_at", "expires_at", "last_used_at")
    readonly_fields = fields

    def has_add_permission(self, request: object) -> bool:
        return False
