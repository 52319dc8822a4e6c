"""The words that WhatsApp itself writes into a chat, by language (data)."""

from __future__ import annotations

OMITTED = {
    "pictures that are not in the export": (
        "image omitted", "bild weggelassen", "imagen omitida", "image absente", "image omise", "immagine omessa",
        "imagem ocultada", "imagem não revelada", "imagem omitida", "afbeelding weggelaten", "изображение отсутствует",
        "зображення відсутнє", "obrázek vynechán", "obraz pominięto", "pominięto grafikę", "görüntü dahil edilmedi",
        "bild utelämnad", "bilde utelatt", "billede udeladt", "kuva jätetty pois", "画像は含まれていません",
        "이미지 생략됨", "图像已省略", "省略圖片", "圖片已略去", "لم يتم إدراج الصورة", "התמונה הושמטה", "इमेज हटाई गई",
        "gambar tidak disertakan", "kép kihagyva", "imagine omisă",
    ),
    "videos": (
        "video omitted", "video note omitted", "video message omitted", "video weggelassen", "videonachricht weggelassen",
        "video omitido", "vídeo omitido", "vidéo absente", "vidéo omise", "video omesso", "vídeo ocultado",
        "vídeo não revelado", "video weggelaten", "видео отсутствует", "відео відсутнє", "video vynecháno",
        "pominięto wideo", "video dahil edilmedi", "video utelämnad", "video utelatt", "video udeladt",
        "video jätetty pois", "動画は含まれていません", "동영상 생략됨", "视频已省略", "省略影片",
        "لم يتم إدراج الفيديوهات", "video tidak disertakan",
    ),
    "voice messages without words": (
        "audio omitted", "audio weggelassen", "audio omitido", "audio omis", "audio omesso", "áudio ocultado",
        "áudio omitido", "ficheiro de áudio não revelado", "audio weggelaten", "аудио отсутствует", "аудіо відсутнє",
        "audio vynecháno", "pominięto dźwięk", "ses dahil edilmedi", "ljud utelämnat", "lyd utelatt", "lyd udeladt",
        "ääni jätetty pois", "音声は含まれていません", "오디오 생략됨", "音频已省略", "省略音訊",
        "لم يتم إدراج المقاطع الصوتية", "audio tidak disertakan",
    ),
    "stickers": (
        "sticker omitted", "sticker weggelassen", "sticker omitido", "sticker omis", "sticker non incluso",
        "sticker omesso", "figurinha omitida", "sticker não revelado", "sticker weggelaten", "стикер не добавлен",
        "наклейку не додано", "nálepka vynechána", "pominięto naklejkę", "çıkartma dahil edilmedi", "sticker utelämnad",
        "klistermerke utelatt", "sticker udeladt", "tarra jätetty pois", "ステッカーは含まれていません", "스티커 생략됨",
        "表情已省略", "省略貼圖", "تم حذف الملصقات",
    ),
    "animations": (
        "gif omitted", "gif weggelassen", "gif omitido", "gif retiré", "gif omis", "gif esclusa", "gif omessa",
        "gif ocultado", "gif não revelada", "gif weggelaten", "gif отсутствует", "gif-анімацію пропущено", "gif vynechán",
        "pominięto gif", "gif dahil edilmedi", "gif 생략됨", "لم يتم إدراج صورة gif",
    ),
    "documents": (
        "document omitted", "dokument weggelassen", "documento omitido", "document manquant", "document omis",
        "documento omesso", "documento ocultado", "documento não revelado", "document weggelaten", "документ отсутствует",
        "документ пропущено", "dokument vynechán", "pominięto dokument", "belge dahil edilmedi", "dokument utelämnat",
        "dokument utelatt", "dokument udeladt", "لم يتم إدراج المستند",
    ),
    "contact cards": (
        "contact card omitted", "kontaktkarte ausgelassen", "kontaktkarte weggelassen", "tarjeta de contacto omitida",
        "fiche contact manquante", "carte de contact omise", "scheda contatto omessa", "cartão do contato omitido",
        "contacto não revelado", "contactkaart weggelaten", "карточка контакта отсутствует", "картка контакту відсутня",
        "vizitka vynechána", "لم يتم إدراج بطاقة جهة اتصال",
    ),
    "attachments that are not in the export": (
        "media omitted", "medien ausgeschlossen", "medien weggelassen", "multimedia omitido", "archivo omitido",
        "médias omis", "média omis", "media omessi", "media omesso", "mídia oculta", "mídia omitida",
        "arquivo de mídia oculto", "media weggelaten", "ficheiro não revelado", "multimédia oculto", "pominięto multimedia",
        "médium vynecháno", "média vynechána", "медиафайл опущен", "без медиафайлов", "файл пропущен", "медіа не додано",
        "medya dahil edilmedi", "media utelämnad", "utelämnad media", "medier udeladt", "medier utelatt",
        "media jätettiin pois", "メディアは含まれていません", "미디어 파일 제외됨", "媒体文件已省略", "省略多媒體檔案",
        "تم استبعاد الوسائط", "המדיה הושמטה", "मीडिया छोड़ा गया", "media tidak disertakan",
    ),
    "messages that can be seen once": (
        "null", "view once message omitted", "view once photo omitted", "view once video omitted",
        "view once voice message omitted", "einmalansicht-nachricht weggelassen",
    ),
    "deleted messages": (
        "this message was deleted", "diese nachricht wurde gelöscht", "se eliminó este mensaje",
        "este mensaje fue eliminado", "ce message a été supprimé", "questo messaggio è stato eliminato", "mensagem apagada",
        "esta mensagem foi apagada", "dit bericht is verwijderd", "dit bericht werd verwijderd", "данное сообщение удалено",
        "сообщение удалено", "це повідомлення було видалено", "tato zpráva byla smazána", "tato zpráva byla odstraněna",
        "ta wiadomość została usunięta", "bu mesaj silindi", "det här meddelandet har raderats",
        "detta meddelande raderades", "denne meldingen ble slettet", "denne besked blev slettet", "tämä viesti poistettiin",
        "このメッセージは削除されました", "삭제된 메시지입니다", "此消息已删除", "此訊息已刪除", "該訊息已刪除",
        "تم حذف هذه الرسالة", "הודעה זו נמחקה", "यह संदेश हटा दिया गया", "यह मैसेज हटा दिया गया था", "pesan ini dihapus",
        "acest mesaj a fost șters", "ez az üzenet törölve lett", "αυτό το μήνυμα διαγράφηκε", "це повідомлення видалено",
        "این پیام حذف شد", "ข้อความนี้ถูกลบแล้ว", "tin nhắn này đã bị xóa", "这条消息已删除", "съобщението е изтрито",
    ),
    "calls": (
        "missed voice call", "missed video call", "missed group voice call", "missed group video call",
        "verpasster sprachanruf", "verpasster videoanruf", "llamada perdida", "llamada de voz perdida",
        "videollamada perdida", "appel vocal manqué", "appel vidéo manqué", "chiamata vocale persa", "videochiamata persa",
        "chamada de voz perdida", "chamada de vídeo perdida", "ligação de voz perdida", "ligação de vídeo perdida",
        "gemiste spraakoproep", "gemiste video-oproep", "пропущенный аудиозвонок", "пропущенный видеозвонок",
        "cevapsız sesli arama", "cevapsız görüntülü arama",
    ),
    "messages that the phone did not have": (
        "waiting for this message", "waiting for this message. this may take a while",
        "warten auf diese nachricht. dies kann etwas dauern", "esperando el mensaje. esto puede tardar un poco",
        "en attente de ce message. ceci peut prendre un moment", "aguardando mensagem. essa ação pode levar alguns instantes",
    ),
    "live locations": (
        "live location shared", "live-standort geteilt", "live-standort wird geteilt",
        "ubicación en tiempo real compartida", "localisation en direct partagée", "posizione in tempo reale condivisa",
        "localização em tempo real compartilhada", "live locatie gedeeld", "live-locatie gedeeld", "трансляция геоданных",
    ),
}  # fmt: skip
"""What stands in the place of a message, by why the message is left out; without signs around it, in small letters."""

DELETED_BY_ME = (
    "you deleted this message", "du hast diese nachricht gelöscht", "eliminaste este mensaje", "has eliminado este mensaje",
    "vous avez supprimé ce message", "hai eliminato questo messaggio", "você apagou esta mensagem", "apagou esta mensagem",
    "je hebt dit bericht verwijderd", "u hebt dit bericht verwijderd", "вы удалили данное сообщение",
    "вы удалили это сообщение", "ви видалили це повідомлення", "tuto zprávu jste smazal/a", "tuto zprávu jste odstranili",
    "bu mesajı sildiniz", "du raderade det här meddelandet", "du slettet denne meldingen", "du slettede denne besked",
    "poistit tämän viestin", "あなたはこのメッセージを削除しました", "이 메시지를 삭제했습니다", "您已删除此消息",
    "你已刪除此訊息", "您已刪除此訊息", "لقد حذفت هذه الرسالة", "מחקת הודעה זו", "आपने यह संदेश हटा दिया",
    "आपने यह मैसेज हटा दिया", "anda menghapus pesan ini", "你删除了此消息", "你已删除此消息", "您删除了此消息", "你刪除了此訊息",
    "usunięto tę wiadomość", "usunąłeś tę wiadomość", "usunęłaś tę wiadomość", "törölted ezt az üzenetet",
    "ai șters acest mesaj", "διαγράψατε αυτό το μήνυμα", "شما این پیام را حذف کردید", "คุณลบข้อความนี้แล้ว",
    "bạn đã xóa tin nhắn này", "изтрихте това съобщение",
)  # fmt: skip
"""The same for a message that the person who exported the chat deleted: its sender is that person."""

EDITED = (
    "edited", "bearbeitet", "editó", "editado", "editada", "modifié", "modificato", "modificada", "bewerkt", "изменено",
    "редакт", "редаг", "змінено", "upraven", "edytowan", "düzenlendi", "redigera", "redigert", "redigeret", "muokattu",
    "編集", "수정", "编辑", "編輯", "تعديل", "נערכה", "संपादित", "एडिट", "diedit", "szerkesztett", "editat", "επεξεργ",
)  # fmt: skip
"""Words of which one stands in the mark at the end of an edited message."""

ENCRYPTED = (
    "end-to-end", "ende-zu-ende", "extremo a extremo", "bout en bout", "ponta a ponta", "ponto a ponto", "szyfrowan",
    "сквозн", "наскрізн", "uçtan uca", "端到端", "端對端", "エンドツーエンド", "종단", "مشفرة", "מקצה לקצה", "एंड-टू-एंड",
    "päästä päähän", "koncov", "végpontok", "totalsträcks", "ende-til-ende", "ende til ende", "capăt la capăt",
    "ujung ke ujung",
)  # fmt: skip
"""Words of which one stands in the note on encryption, with which a chat begins."""

ATTACHED = (
    "attached", "angehängt", "adjunto", "joint", "allegato", "anexado", "anexo", "bijgevoegd", "bifogad", "vedhæftet",
    "vedlagt", "liitetty", "załącz", "přilož", "приложен", "прикреп", "вложен", "додано", "ekli", "ekteki", "添付", "첨부",
    "附件", "附加", "مرفق", "מצורף", "संलग्न", "अटैच", "terlampir", "dilampirkan", "csatol", "atașat", "συνημμέν", "hidden",
    "oculto",
)  # fmt: skip
"""Words of which one stands in brackets behind the name of an attached file."""

CALLS = (
    "missed voice call", "missed video call", "missed group", "voice call", "video call", "verpasster", "sprachanruf",
    "videoanruf", "llamada perdida", "videollamada", "llamada de voz", "appel vocal", "appel vidéo", "chiamata vocale",
    "videochiamata", "chiamata persa", "ligação de voz", "chamada de voz", "chamada de vídeo", "ligação de vídeo",
    "gemiste", "spraakoproep", "пропущенный", "аудиозвонок", "видеозвонок", "zmeškaný", "nieodebrane", "cevapsız",
    "不在着信", "부재중", "未接",
)  # fmt: skip
"""How lines about calls begin, by WhatsApp's own mark before them."""

MEDIA = (
    "medi", "médi", "mídi", "multim", "медиа", "медіа", "мултимед", "file", "archivo", "arquivo", "ficheiro", "bestand",
    "medya", "मीडिया", "মিডিয়া", "メディア", "미디어", "媒体", "媒體", "وسائط", "رسانه", "מדיה", "สื่อ", "phương tiện", "πολυμέσα",
)  # fmt: skip
"""Words of which one stands in `<Media omitted>` in any language."""
