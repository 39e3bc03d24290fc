/* Photos are made small on the phone before they are kept and sent: 2,048 px, about 400 kB. What can't be decoded here
   goes as it is; the server judges it. */
(() => {
  "use strict";

  const EDGE = 2048;
  const TARGET = 400 * 1024;
  const LIMIT = 10 * 1024 * 1024;
  const TYPES = /\.(pdf|jpe?g|png|docx|xlsx|heic|heif)$/i;

  const HEAD = 128 * 1024;
  const EXIF_IFD = 0x8769;
  const DATE = 0x0132;
  const DATE_ORIGINAL = 0x9003;

  /** The camera's clock in a JPEG, as it was written, or "": shrinking loses it. */
  async function cameraTime(file) {
    try {
      return readExif(new DataView(await file.slice(0, HEAD).arrayBuffer()));
    } catch (fault) {
      return "";
    }
  }

  /** Walk the segments to the one with EXIF; a broken one ends in a RangeError. */
  function readExif(view) {
    if (view.getUint16(0) !== 0xffd8) return "";
    for (let at = 2; view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda; at += 2 + view.getUint16(at + 2)) {
      if (view.getUint16(at) === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return readDates(view, at + 10);
    }
    return "";
  }

  function readDates(view, start) {
    const isLittle = view.getUint16(start) === 0x4949;
    const first = readDirectory(view, start, view.getUint32(start + 4, isLittle), isLittle);
    const inner = first.has(EXIF_IFD) ? readDirectory(view, start, first.get(EXIF_IFD), isLittle) : new Map();
    const place = inner.get(DATE_ORIGINAL) || first.get(DATE);
    if (!place) return "";
    const signs = new Uint8Array(view.buffer, start + place, 19);
    return String.fromCharCode(...signs);
  }

  /** Tag to value of one directory; longer values are the place where they stand. */
  function readDirectory(view, start, offset, isLittle) {
    const found = new Map();
    const count = view.getUint16(start + offset, isLittle);
    for (let entry = 0; entry < count; entry += 1) {
      const at = start + offset + 2 + entry * 12;
      found.set(view.getUint16(at, isLittle), view.getUint32(at + 8, isLittle));
    }
    return found;
  }

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

  /** Make a chosen file ready: {blob, name, cameraTime} or {refusal}. */
  async function prepare(file) {
    const isPhoto = /^image\/(jpeg|heic|heif|webp)$/.test(file.type) || /\.(jpe?g|heic|heif)$/i.test(file.name);
    if (!isPhoto && !TYPES.test(file.name)) return { refusal: "Ditolak: bukan PDF atau foto. Yang diterima: PDF, JPEG, PNG, DOCX, XLSX." };
    const ready = isPhoto ? await shrink(file) : { blob: file, name: file.name };
    if (ready.blob.size > LIMIT) {
      return { refusal: `Berkas ${Math.ceil(ready.blob.size / 1024 / 1024)} MB terlalu besar. Batasnya 10 MB.` };
    }
    if (ready.blob.size === 0) return { refusal: "Berkas ini kosong. Pilih berkas lain." };
    // A file of the system may be gone when its turn comes: keep the bytes themselves.
    const bytes = await ready.blob.arrayBuffer();
    const blob = new Blob([bytes], { type: ready.blob.type || file.type });
    return { blob, name: ready.name, cameraTime: isPhoto ? await cameraTime(file) : "" };
  }

  window.wbbmPhotos = { prepare };
})();
