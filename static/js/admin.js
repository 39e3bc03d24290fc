/* Names for the search fields of Django's admin and their lists: Select2 gives them none. */
(() => {
  "use strict";

  function nameFields() {
    for (const select of document.querySelectorAll("select.admin-autocomplete")) {
      const label = document.querySelector(`label[for="${select.id}"]`);
      const shown = document.getElementById(`select2-${select.id}-container`);
      if (!label || !shown) continue;
      label.id = label.id || `${select.id}-label`;
      shown.setAttribute("aria-labelledby", label.id);
      shown.closest("[role=combobox]").setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    }
  }

  function nameList() {
    for (const field of document.querySelectorAll(".select2-search__field")) field.setAttribute("aria-label", "Cari");
    for (const field of document.querySelectorAll("[role=combobox][aria-owns]")) {
      field.setAttribute("aria-controls", field.getAttribute("aria-owns"));
    }
    for (const list of document.querySelectorAll("body > .select2-container")) {
      list.setAttribute("role", "region");
      list.setAttribute("aria-label", "Hasil pencarian");
    }
  }

  const { jQuery } = window.django || {};
  if (jQuery) {
    // jQuery keeps the order: after the fields have been made.
    jQuery(nameFields);
    jQuery(document).on("select2:open", nameList);
  }
})();
