/* Photos are made small on the phone before they are kept and sent: 2,048 px, about 400 kB. What can't be decoded here
   goes as it is; the server judges it. */
(() => {
  "use strict";

  const EDGE = 2048;
  const TARGET = 400 * 1024;
  const LIMIT = 10 * 1024 * 1024;
  const TYPES = /\.(pdf|jpe?g|png|docx|xlsx|heic|heif)$/i;

  /** The upright picture of a file, or null. */
  async function decode(file) {
    try {
      return await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch (fault) {
      return null;
    }
  }

  function encode(canvas, quality) {
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  }

  async function shrink(file) {
    const bitmap = await decode(file);
    if (!bitmap) return { blob: file, name: file.name };
    const scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    let blob = null;
    for (const quality of [0.82, 0.7, 0.58]) {
      blob = await encode(canvas, quality);
      if (blob && blob.size <= TARGET) break;
    }
    canvas.width = canvas.height = 0;
    if (!blob || (scale === 1 && blob.size >= file.size)) return { blob: file, name: file.name };
    return { blob, name: `${file.name.replace(/\.[^.]*$/, "") || "foto"}.jpg` };
  }

  /** Make a chosen file ready: {blob, name} or {refusal}. */
  async function prepare(file) {
    const isPhoto = /^image\/(jpeg|heic|heif|webp)$/.test(file.type) || /\.(jpe?g|heic|heif)$/i.test(file.name);
    if (!isPhoto && !TYPES.test(file.name)) return { refusal: "Ditolak: bukan PDF atau foto." };
    const ready = isPhoto ? await shrink(file) : { blob: file, name: file.name };
    if (ready.blob.size > LIMIT) {
      return { refusal: `Berkas ${Math.ceil(ready.blob.size / 1024 / 1024)} MB terlalu besar. Batasnya 10 MB.` };
    }
    if (ready.blob.size === 0) return { refusal: "Berkas ini kosong. Pilih berkas lain." };
    // A file of the system may be gone when its turn comes: keep the bytes themselves.
    const bytes = await ready.blob.arrayBuffer();
    return { blob: new Blob([bytes], { type: ready.blob.type || file.type }), name: ready.name };
  }

  window.wbbmPhotos = { prepare };
})();
