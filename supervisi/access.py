"""Who may take which step (docs/alur-status.md).

Each function returns the posting by which the person may act, or None. States are not asked here: a step in the wrong
state is a refusal of its own, with its own message.
"""

from __future__ import annotations

from supervisi.models import Checklist, Finding, Layer, Oddity, Visit, VisitMember
from wbbm.organisasi.models import Posting, Role, Unit, User


def _supervisor_above(user: User, unit: Unit) -> Posting | None:
    """A supervisor posted above the unit; never where he himself is commander, supervisor or operator."""
    if user.scope.is_own_unit(unit):
        return None
    return user.scope.posting_above(unit, Role.SUPERVISOR)


def is_on_team(user: User, visit: Visit) -> bool:
    """Tell whether the person is in the visit's team now."""
    if user.pk in {visit.team_leader_id, visit.deputy_id}:
        return True
    return VisitMember.objects.filter(visit=visit, user=user, left_at__isnull=True).exists()


# --- visits -------------------------------------------------------------------------------------------


def posting_to_plan(user: User, unit: Unit) -> Posting | None:
    """Any supervisor whose reach holds the unit below him; he need not be of the team."""
    return _supervisor_above(user, unit)


def posting_to_lead(user: User, visit: Visit) -> Posting | None:
    """Team leader or deputy: begin and end the visit, submit its sheet."""
    if user.pk not in {visit.team_leader_id, visit.deputy_id}:
        return None
    return _supervisor_above(user, visit.unit)


def posting_to_change_team(user: User, visit: Visit) -> Posting | None:
    """Whoever may plan visits to the unit may change team and days."""
    return _supervisor_above(user, visit.unit)


def posting_to_cancel(user: User, visit: Visit) -> Posting | None:
    """Team leader, or whoever planned the visit."""
    if user.pk not in {visit.team_leader_id, visit.planned_by_id}:
        return None
    return _supervisor_above(user, visit.unit)


def posting_to_delete(user: User, visit: Visit) -> Posting | None:
    """Whoever planned the visit."""
    return _supervisor_above(user, visit.unit) if user.pk == visit.planned_by_id else None


# --- sheets -------------------------------------------------------------------------------------------


def posting_to_create(user: User, unit: Unit, layer: str) -> Posting | None:
    """Operator: the unit's own self sheet; auditor posted above: a `tpi` sheet."""
    if layer == Layer.SELF:
        return user.scope.posting_at(unit, Role.OPERATOR)
    if layer == Layer.TPI:
        return _auditor_above(user, unit)
    return _supervisor_above(user, unit)


def _auditor_above(user: User, unit: Unit) -> Posting | None:
    if user.scope.is_own_unit(unit):
        return None
    return user.scope.posting_above(unit, Role.AUDITOR)


def posting_to_write(user: User, checklist: Checklist) -> Posting | None:
    """Who may write answers: the visit's team, the unit's operator, an auditor posted above."""
    unit = checklist.unit
    if checklist.layer == Layer.SELF:
        return user.scope.posting_at(unit, Role.OPERATOR)
    if checklist.layer == Layer.TPI:
        return _auditor_above(user, unit)
    posting = _supervisor_above(user, unit)
    visit = checklist.visit
    if posting is None or visit is None or not visit.takes_answers or not is_on_team(user, visit):
        return None
    return posting


def posting_to_submit(user: User, checklist: Checklist) -> Posting | None:
    """Team leader or deputy; a self sheet the unit's commander; a `tpi` sheet an auditor posted above."""
    if checklist.layer == Layer.SELF:
        return user.scope.posting_at(checklist.unit, Role.COMMANDER)
    if checklist.layer == Layer.TPI:
        return _auditor_above(user, checklist.unit)
    visit = checklist.visit
    if visit is None or not visit.takes_answers:
        return None
    return posting_to_lead(user, visit)


def posting_to_review(user: User, checklist: Checklist) -> Posting | None:
    """A supervisor who is not of the team; for a `tpi` sheet another auditor than who submitted it."""
    if checklist.layer == Layer.SELF:
        return None
    if checklist.layer == Layer.TPI:
        return _auditor_above(user, checklist.unit) if user.pk != checklist.submitted_by_id else None
    if checklist.visit is None or is_on_team(user, checklist.visit):
        return None
    return _supervisor_above(user, checklist.unit)


def posting_to_return(user: User, checklist: Checklist) -> Posting | None:
    """As for reviewing; a self sheet goes back by the unit's commander or a supervisor posted above."""
    if checklist.layer == Layer.SELF:
        return user.scope.posting_at(checklist.unit, Role.COMMANDER) or user.scope.posting_above(
            checklist.unit, Role.SUPERVISOR
        )
    return posting_to_review(user, checklist)


def posting_to_disclose(user: User, checklist: Checklist) -> Posting | None:
    """Commander of a unit above (disclose, finalise, approve a reopening)."""
    if checklist.layer == Layer.SELF:
        return None
    return commander_above(user, checklist.unit)


def commander_above(user: User, unit: Unit) -> Posting | None:
    """Commander of a unit above; never of the unit itself at the same time."""
    if user.scope.is_own_unit(unit):
        return None
    return user.scope.posting_above(unit, Role.COMMANDER)


def posting_to_ask_reopening(user: User, checklist: Checklist) -> Posting | None:
    """Team leader, reviewer, an auditor, or a commander whose reach holds the unit."""
    scope, unit = user.scope, checklist.unit
    visit = checklist.visit
    if visit is not None and user.pk == visit.team_leader_id:
        return _supervisor_above(user, unit)
    if user.pk == checklist.reviewed_by_id:
        return _supervisor_above(user, unit) or scope.posting_above(unit, Role.AUDITOR)
    return scope.posting_over(unit, Role.AUDITOR) or scope.posting_over(unit, Role.COMMANDER)


def posting_to_approve_reopening(user: User, checklist: Checklist) -> Posting | None:
    """Another person than who asked, commander of a unit above."""
    if user.pk == checklist.reopen_requested_by_id:
        return None
    return commander_above(user, checklist.unit)


# --- right of reply -----------------------------------------------------------------------------------


def posting_to_reply(user: User, checklist: Checklist) -> Posting | None:
    """Commander or operator of the unit that was assessed."""
    return user.scope.posting_at(checklist.unit, Role.COMMANDER, Role.OPERATOR)


def posting_to_waive(user: User, checklist: Checklist) -> Posting | None:
    """The unit's commander: nothing more will come."""
    return user.scope.posting_at(checklist.unit, Role.COMMANDER)


def posting_to_decide(user: User, checklist: Checklist) -> Posting | None:
    """Team leader, deputy, or a supervisor who is not of the team; of a `tpi` sheet an auditor posted above."""
    if checklist.layer == Layer.TPI:
        return _auditor_above(user, checklist.unit)
    if checklist.visit is None:
        return None
    return posting_to_lead(user, checklist.visit) or posting_to_review(user, checklist)


def posting_to_give_time(user: User, checklist: Checklist) -> Posting | None:
    """Whoever decides replies, or the commander of a unit above."""
    return posting_to_decide(user, checklist) or commander_above(user, checklist.unit)


# --- evidence -----------------------------------------------------------------------------------------


def posting_to_keep(user: User, unit: Unit) -> Posting | None:
    """Operator: adds, describes and revises the evidence that the unit keeps."""
    return user.scope.posting_at(unit, Role.OPERATOR)


# --- findings -----------------------------------------------------------------------------------------


def posting_to_find(user: User, unit: Unit) -> Posting | None:
    """A supervisor posted above records a finding without a sheet, extends a due day, and judges answers."""
    return _supervisor_above(user, unit)


def posting_to_judge(user: User, finding: Finding) -> Posting | None:
    """A supervisor posted above the unit accepts, returns and closes; never one who answered (services/follow_up)."""
    return _supervisor_above(user, finding.unit)


def posting_to_answer(user: User, finding: Finding) -> Posting | None:
    """Operator or commander of the owner's unit; who holds the title, or has its duties, by services/owners."""
    return user.scope.posting_at(finding.owner_unit, Role.OPERATOR, Role.COMMANDER)


# --- what looks odd -----------------------------------------------------------------------------------


def posting_to_watch(user: User) -> Posting | None:
    """Supervisor, commander or auditor: may open the sheet of signs, which is empty where nobody stands below him."""
    roles = (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR)
    return next((held for held in user.scope.postings if held.role in roles), None)


def posting_to_settle(user: User, oddity: Oddity) -> Posting | None:
    """A supervisor or commander above every unit of a sign, posted at none of them; never about his own work."""
    return _above_all(user, oddity, Role.SUPERVISOR, Role.COMMANDER)


def posting_to_settle_as_finding(user: User, oddity: Oddity) -> Posting | None:
    """A supervisor above every unit of a sign: whoever records findings there."""
    return _above_all(user, oddity, Role.SUPERVISOR)


def _above_all(user: User, oddity: Oddity, *roles: str) -> Posting | None:
    here = {posting.unit_id for posting in user.scope.postings}
    if any(person.pk == user.pk for person in oddity.people.all()):
        return None
    found = [None if unit.pk in here else user.scope.posting_above(unit, *roles) for unit in oddity.units.all()]
    return found[0] if found and all(found) else None


# --- plans --------------------------------------------------------------------------------------------


def posting_to_estimate(user: User, unit: Unit) -> Posting | None:
    """Days, owners and locks of a unit's items: its commander or operator, a supervisor or commander posted above."""
    own = user.scope.posting_at(unit, Role.COMMANDER, Role.OPERATOR)
    return own or _supervisor_above(user, unit) or commander_above(user, unit)


def posting_to_estimate_below(user: User, unit: Unit) -> Posting | None:
    """The same for all units below a unit: its commander or supervisor, or one above."""
    return user.scope.posting_over(unit, Role.COMMANDER, Role.SUPERVISOR)


def posting_to_estimate_above(user: User, unit: Unit) -> Posting | None:
    """The nearest posting above the unit by which one corrects for all units below there."""
    return user.scope.posting_above(unit, Role.COMMANDER, Role.SUPERVISOR)


def posting_to_task(user: User, unit: Unit) -> Posting | None:
    """Who makes findings of a plan: whoever finds there, or the commander of the unit or of one above."""
    return posting_to_find(user, unit) or user.scope.posting_over(unit, Role.COMMANDER)


# --- handover of an office ----------------------------------------------------------------------------


def sees_posting(user: User, posting: Posting) -> bool:
    """Tell whether the posting is in sight: people's scope, and for team posts the supervisors beside and above."""
    scope = user.scope
    if posting.user_id == user.pk or scope.posting_over(posting.unit, Role.ADMIN, Role.AUDITOR, Role.COMMANDER):
        return True
    return posting_to_hand_over(user, posting) is not None


def posting_to_hand_over(user: User, posting: Posting) -> Posting | None:
    """Admin over the unit, its commander or one above; for a team post a supervisor there or above; the holder."""
    found = user.scope.posting_over(posting.unit, Role.ADMIN, Role.COMMANDER)
    if found is None and posting.role == Role.SUPERVISOR:
        found = user.scope.posting_over(posting.unit, Role.SUPERVISOR)
    return found or next((held for held in user.scope.postings if held.pk == posting.pk), None)


# --- periods ------------------------------------------------------------------------------------------


def posting_to_undo_closing(user: User, unit: Unit) -> Posting | None:
    """Admin or commander over the unit that owns the period; never who asked (services/closing)."""
    return user.scope.posting_over(unit, Role.ADMIN, Role.COMMANDER)


# --- versions of instruments --------------------------------------------------------------------------


def posting_to_version(user: User) -> Posting | None:
    """Admin of the top unit: an instrument is the same for every unit of the installation."""
    return next((held for held in user.scope.postings if held.role == Role.ADMIN and held.unit.depth == 1), None)
