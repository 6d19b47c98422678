# ruff: noqa: RUF001, E501 - mails in several alphabets, with the long lines of their clients
"""Answers as the common clients write them in HTML; what was newly written is ANSWER in each."""

ANSWER = "The second trunk is still down.\nPlease look again."
_TWO = "The second trunk is still down.<br>Please look again."
_QUOTED = "<p>##- Please type your reply above this line -##</p><p>Your ticket TL-1042 waits for an answer.</p><p>The desk</p>"
_DESK = '&lt;<a href="mailto:desk@example.com">desk@example.com</a>&gt;'


def _gmail(title: str) -> str:
    return (
        f'<div dir="ltr"><div>{_TWO}</div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr"'
        f' class="gmail_attr">{title}<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        f'border-left:1px solid rgb(204,204,204);padding-left:1ex">{_QUOTED}</blockquote></div>'
    )


def _word(who: str, sent: str, to: str, subject: str) -> str:
    return (
        "<html xmlns:v='urn:schemas-microsoft-com:vml' xmlns:o='urn:schemas-microsoft-com:office:office'><head>"
        "<!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!-- @font-face"
        ' {font-family:Calibri;} --></style><title>x</title></head><body lang=EN-US link="#0563C1"><div class=WordSection1>'
        f"<p class=MsoNormal>The second trunk is still down.<br>Please look again.<o:p></o:p></p><p class=MsoNormal><o:p>"
        "&nbsp;</o:p></p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in'>"
        f"<p class=MsoNormal><b>{who}:</b> Desk &lt;desk@example.com&gt; <br><b>{sent}:</b> 10 March 2026 12:00<br><b>{to}:"
        f"</b> Ann &lt;ann@example.com&gt;<br><b>{subject}:</b> TL-1042<o:p></o:p></p></div></div>{_QUOTED}</div></body></html>"
    )


def _outlook_web(who: str, sent: str, to: str, subject: str) -> str:
    return (
        f'<html><head><meta http-equiv="Content-Type" content="text/html"><style type="text/css">P {{margin-top:0}}</style>'
        f'</head><body dir="ltr"><div class="elementToProof">{_TWO}</div><div id="appendonsend"></div><hr tabindex="-1"'
        f' style="display:inline-block;width:98%"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>{who}:</b> Desk'
        f" {_DESK}<br><b>{sent}:</b> 10 March 2026 12:00<br><b>{to}:</b> Ann<br><b>{subject}:</b> TL-1042</font><div>&nbsp;"
        f"</div></div>{_QUOTED}</body></html>"
    )


def _apple(title: str) -> str:
    return (
        '<html><head></head><body style="overflow-wrap: break-word;">The second trunk is still down.<div>Please look again.'
        f'<br><div><br><blockquote type="cite"><div>{title}</div><br class="Apple-interchange-newline"><div>{_QUOTED}</div>'
        "</blockquote></div><br></div></body></html>"
    )


def _thunderbird(title: str) -> str:
    return (
        f'<!DOCTYPE html><html><body><p>{_TWO}</p><div class="moz-cite-prefix">{title}<br></div><blockquote type="cite"'
        f' cite="mid:1@example.com">{_QUOTED}</blockquote><div class="moz-signature">-- <br>Ann</div></body></html>'
    )


CLIENTS = {
    "Gmail, en": _gmail(f"On Tue, Mar 10, 2026 at 12:00 PM Desk {_DESK} wrote:"),
    "Gmail, ru": _gmail(f"вт, 10 мар. 2026 г. в 12:00, Desk {_DESK}:"),
    "Gmail, ja": _gmail(f"2026年3月10日(火) 12:00 Desk {_DESK}:"),
    "Gmail, older": f"{_TWO}<div class=gmail_extra><br><div class=gmail_quote>On 10 March 2026 at 12:00, Desk {_DESK} wrote:"
    f"<br><blockquote class=gmail_quote>{_QUOTED}</blockquote></div><br></div>",
    "Outlook, en": _word("From", "Sent", "To", "Subject"),
    "Outlook, ru": _word("От", "Отправлено", "Кому", "Тема"),
    "Outlook, de": _word("Von", "Gesendet", "An", "Betreff"),
    "Outlook, fr": _word("De", "Envoyé", "À", "Objet").replace(":</b>", "&nbsp;:</b>"),
    "Outlook, pl": _word("Od", "Wysłane", "Do", "Temat"),
    "Outlook on the web, en": _outlook_web("From", "Sent", "To", "Subject"),
    "Outlook on the web, el": _outlook_web("Από", "Στάλθηκε", "Προς", "Θέμα"),
    "Apple, en": _apple("On 10 Mar 2026, at 12:00, Desk &lt;desk@example.com&gt; wrote:"),
    "Apple, ru": _apple("10 марта 2026 г., в 12:00, Desk &lt;desk@example.com&gt; написал(а):"),
    "iPhone": '<div dir="ltr">The second trunk is still down.<div>Please look again.<br><br><div dir="ltr">Sent from my iPhone'
    '</div><div dir="ltr"><br><blockquote type="cite">On 10 Mar 2026, at 12:00, Desk &lt;desk@example.com&gt; wrote:<br><br>'
    f'</blockquote></div><blockquote type="cite"><div dir="ltr">{_QUOTED}</div></blockquote></div></div>',
    "Yahoo": f'<div class="ydp1yahoo-style-wrap">{_TWO}</div><div id="ydp2yahoo_quoted_1" class="yahoo_quoted"><div><div>On'
    f" Tuesday, March 10, 2026 at 12:00:00 PM GMT+1, Desk {_DESK} wrote:</div><div><br></div><div>{_QUOTED}</div></div></div>",
    "Thunderbird, de": _thunderbird("Am 10.03.26 um 12:00 schrieb Desk:"),
    "Thunderbird, uk": _thunderbird("10.03.2026 12:00, Desk пише:"),
    "Mail.ru": f"<div>{_TWO}</div><div>&nbsp;</div><blockquote style='border-left:1px solid #0857A6'>Вторник, 10 марта 2026,"
    f" 12:00 +03:00 от Desk {_DESK}:<br><div>{_QUOTED}</div></blockquote>",
    "Yandex": f'<div>{_TWO}</div><div><br></div><div>10.03.2026, 12:00, "Desk" {_DESK}:</div><blockquote>{_QUOTED}</blockquote>',
    "Proton": f'<div>{_TWO}</div><div class="protonmail_quote">On Tuesday, March 10th, 2026 at 12:00 PM, Desk {_DESK} wrote:'
    f'<br><blockquote class="protonmail_quote" type="cite">{_QUOTED}</blockquote><br></div>',
}
