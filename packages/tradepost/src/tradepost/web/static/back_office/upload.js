// When a file was written only the browser knows; its numbers know of nothing that came later.
(() => {
  "use strict";
  const file = document.getElementById("file");
  const written = document.getElementById("written-at");
  file?.addEventListener("change", () => {
    written.value = file.files.length ? String(file.files[0].lastModified) : "";
  });
})();
