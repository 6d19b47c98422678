"""Group 28: files with names that lie, too many, too large, packed, bent: kept on the ticket, within limits."""

import io
import zipfile

from tests.mail.corpus import attached, multipart, part, plain
from tests.mail.nasty.office import Office

MB = 1024 * 1024
DECEPTIVE: dict[str, bytes] = {
    "passwd": attached(
        b"a path",
        disposition="attachment; filename*0*=utf-8''..%2F..; filename*1*=%2Fetc%2Fpass; filename*2=wd",
    ),
    "photognp.exe": attached(b"MZ\x90\0", disposition="attachment; filename*=utf-8''photo%E2%80%AEgnp.exe"),
    "file-3.pdf": attached(b"no name", disposition="attachment"),
    "a.pdf": attached(
        b"two names", media_type='application/pdf; name="b.exe"', disposition="attachment; filename=a.pdf"
    ),
    "garbage.dat": part(
        "SGVs\r\n!*!bG8=\r\n",
        "a/b; name=garbage.dat",
        encoding="base64",
        headers=[("Content-Disposition", "attachment")],
    ),
    "weird.dat": part("as it is", "a/b; name=weird.dat", encoding="x-weird"),
    "winmail.dat": attached(b"\x78\x9f\x3e\x22\0", "winmail.dat", "application/ms-tnef"),
    "invite.ics": attached(b"BEGIN:VCALENDAR\r\n", "invite.ics", "text/calendar"),
}


async def test_group_28_files_are_kept_under_safe_names(office: Office) -> None:
    mail = await office.bring(multipart(part("See."), *DECEPTIVE.values()))
    files = await office.files(mail)
    assert list(files) == list(DECEPTIVE)
    assert (files["garbage.dat"], files["weird.dat"], files["passwd"]) == (b"Hello", b"as it is", b"a path")
    assert [each["name"] for each in mail["read"]["attachments"]] == list(DECEPTIVE)


async def test_group_28_what_is_packed_stays_packed(office: Office) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50 * MB))
    inner = multipart(part("secret"), attached(), boundary="in")
    middle = multipart(part("second"), part(inner, "message/rfc822", encoding=None), boundary="mid")
    mail = await office.bring(
        multipart(
            part("See.\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n"),
            attached(bomb.getvalue(), "bomb.zip", "application/zip"),
            part(middle, "message/rfc822; name=inner", encoding=None),
        )
    )
    assert await office.files(mail) == {"bomb.zip": bomb.getvalue(), "inner.eml": middle}
    assert "begin 644 a.txt" in (await office.ticket(mail))["description"]

    kept = "application/pkcs7-mime; smime-type=enveloped-data"
    sealed = await office.bring(plain(b"MIIB", content_type=kept, encoding="base64", message_id="<s@x>"))
    assert await office.files(sealed) == {"file-1.p7m": b"0\x82\x01"}


async def test_group_28_too_many_and_too_large_files_are_left_out_or_the_mail_is_held(office: Office) -> None:
    many = await office.bring(multipart(part("See."), *[attached(bytes([n])) for n in range(190)]))
    assert (len(await office.files(many)), many["read"]["flags"]) == (1, ["files_left_out:170"])  # all of one name
    assert len(many["read"]["attachments"]) == 20
    crowd = await office.bring(multipart(part("See."), *[attached()] * 500, message_id="<c@x>"))
    assert (crowd["state"], crowd["reason"]) == ("held", "too_many_parts")

    huge = multipart(part("See."), attached(bytes(19 * MB)), message_id="<h@x>")
    assert len(huge) > 25 * MB
    held = await office.bring(huge)
    assert (held["state"], held["reason"], held["truncated"]) == ("held", "too_large", True)
    assert len(await office.original(held)) == 128 * 1024
