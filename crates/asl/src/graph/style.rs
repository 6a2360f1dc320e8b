//! The colours and strokes of the SVG, for light and for dark readers.

/// The picture's style sheet. Everything is below `.asl`, so that it leaves a page that the picture is put into alone; the
/// colours are variables, so that a page may set its own.
pub const STYLE: &str = "\
.asl{--paper:#fff;--ink:#1f2933;--soft:#5b6876;--line:#8a97a5;--box:#fff;--inner:#f6f8fa;--edge:#c9d1d9;\
--task:#2563eb;--choice:#b45309;--wait:#7c3aed;--pass:#64748b;--succeed:#15803d;--fail:#b91c1c;--parallel:#0f766e;\
--map:#0e7490;--unknown:#9f1239;--catch:#d9463f;--done:#16a34a;--done-box:#effaf3;--bad-box:#fdf0f0;--now-box:#eef4ff;\
font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\
@media (prefers-color-scheme:dark){.asl{--paper:#12161c;--ink:#e6edf3;--soft:#9aa7b4;--line:#75828f;--box:#1b212a;\
--inner:#161b22;--edge:#3a4450;--task:#6ea0ff;--choice:#f0a94a;--wait:#b08cff;--pass:#9aa7b8;--succeed:#4ac26b;\
--fail:#ff7b72;--parallel:#3fc7b6;--map:#45c1de;--unknown:#ff8fab;--catch:#ff7b72;--done:#4ac26b;--done-box:#14261b;\
--bad-box:#2b1819;--now-box:#15233b}}\
.asl .paper{fill:var(--paper)}\
.asl .name{font-size:13px;font-weight:600;fill:var(--ink)}\
.asl .detail{font-size:11px;fill:var(--soft)}\
.asl .label rect{fill:var(--paper)}\
.asl .inner .label rect{fill:var(--inner)}\
.asl .label text{font-size:11px;fill:var(--soft)}\
.asl .label.catch text{fill:var(--catch)}\
.asl .box{fill:var(--box);stroke:var(--edge);stroke-width:1.25}\
.asl .inner>.frame{fill:var(--inner);stroke:var(--edge);stroke-width:1;stroke-dasharray:4 4}\
.asl .behind{fill:var(--box);stroke:var(--edge)}\
.asl .bar{fill:var(--type)}\
.asl .choice>.box,.asl .succeed>.box,.asl .fail>.box,.asl .wait>.box{stroke:var(--type)}\
.asl .task{--type:var(--task)}.asl .choice{--type:var(--choice)}.asl .wait{--type:var(--wait)}\
.asl .pass{--type:var(--pass)}.asl .succeed{--type:var(--succeed)}.asl .fail{--type:var(--fail)}\
.asl .parallel{--type:var(--parallel)}.asl .map{--type:var(--map)}.asl .unknown{--type:var(--unknown)}\
.asl .mark{fill:var(--ink)}.asl .ring{fill:none;stroke:var(--ink);stroke-width:2}\
.asl .line{fill:none;stroke:var(--line);stroke-width:1.4}\
.asl .head{fill:var(--line)}\
.asl .line.catch{stroke:var(--catch);stroke-dasharray:5 4}.asl .head.catch{fill:var(--catch)}\
.asl .line.taken{stroke:var(--done);stroke-width:2.4}.asl .head.taken{fill:var(--done)}\
.asl .line.taken.catch{stroke:var(--catch)}.asl .head.taken.catch{fill:var(--catch)}\
.asl .dim{opacity:.45}\
.asl .visited>.box{stroke:var(--done);stroke-width:2;fill:var(--done-box)}\
.asl .failed>.box{stroke:var(--fail);stroke-width:2;fill:var(--bad-box)}\
.asl .current>.box{stroke:var(--task);stroke-width:2.5;fill:var(--now-box);stroke-dasharray:7 4}\
@media (prefers-reduced-motion:no-preference){.asl .current>.box{animation:asl-current 1s linear infinite}\
@keyframes asl-current{to{stroke-dashoffset:-11}}}";
