"""Passwords, keys and numbers that open or pay for something wait for the person's word; talk about them does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.consent.credentials import holds_credential
from memory.consent.sensitive import topic_of

HELD = [
    "My password is swordfish",
    "The wifi password is tulip-4421",
    "password: Hunter2!",
    "My Netflix login is ada@x.org / Hunter2!",
    "The PIN of my card is 4711",
    "my pin is 0815",
    "My card number is 4111 1111 1111 1111",
    "4111-1111-1111-1111 exp 04/29 cvv 123",
    "5500005555555559 is my Mastercard",
    "378282246310005",
    "The door code is 1234#",
    "The alarm code at mum's house is 9981",
    "Mein Passwort ist Sonnenblume7",
    "Das WLAN-Passwort lautet: tulpe4421",
    "Mon mot de passe est Soleil2024",
    "Mi contraseña es girasol99",
    "Моя пароль: rosa123",
    "我的密码是abc12345",
    "비밀번호는 tulip123",
    "My social security number is 078-05-1120",
    "DE89 3704 0044 0532 0130 00",
    "My passport number is C01X00T47",
    "The combination is 12-24-36",
    "The safe combination to dad's safe is 12-24-36",
    "postgres://ada:s3cret@db.local/x",
    'The password for the router is "blue moon"',
    "Remember my PIN 4711",
    "api_key=9f8d7c6b5a4e3d2c1b0a",
    "My bank password changed to maple!88",
    "cvv is 321",
    "My login is ada and the password is Gx7-plum",
    "Il mio pin è 9087",
    "wachtwoord: fiets123",
    "My seed phrase is apple river stone glass",
    "The code for the bike shed is 5521",
    "Pin: 4711",
    "iPhone passcode 258013",
    "my pw is b1gbird",
    'Log in with ada and password "open-sesame"',
    "Licence key: ABCD-1234-EFGH-5678",
    "My bank account number is 12345678",
    "Visa 4242 4242 4242 4242, expires in May",
    "Das Passwort für den Router ist Apfelbaum",
    "La contraseña del wifi es mariposa",
    "Le code pin est 4589",
    "Bitte merk dir: PIN 7741",
    # Keys are put together here, so that nobody takes them for real ones.
    "use this key sk-" + "proj-abcdEFGH1234" + "567890abcdEFGH",
    "ghp" + "_16C7e42F292c6912E7710c" + "838347Ae178B4a",
    "AKIA" + "IOSFODNN7" + "EXAMPLE",
    "here is the token: xox" + "b-123456789012-abcdefghijklmnop",
    "-----BEGIN RSA " + "PRIVATE KEY-----",
    "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N",
]
LEFT_ALONE = [
    "How do I reset my password?",
    "I forgot my password again",
    "My password is too weak",
    "My password is the same everywhere",
    "My password has expired",
    "Which password manager is good?",
    "My phone number is 0171 5550199",
    "Call me on +49 171 5550199",
    "Order number 4012888888881882 was late",
    "My locker number is 214",
    "I pinned the note to the door",
    "The PIN of the map is on the harbour",
    "My login is not working",
    "The code is in the drawer",
    "The postcode is SW1A 1AA",
    "The dress code is black tie",
    "Error code is 404",
    "The secret is patience",
    "The secret of good bread is time",
    "My secret is that I love opera",
    "The combination is lovely",
    "The combination of figs and cheese is great",
    "Key lime pie is my favourite",
    "The key is under the mat",
    "I lost my passport",
    "My passport is from 2019",
    "My card is blocked",
    "I was born on 1985-04-12",
    "The meeting is at 10:30",
    "My password is easy to guess",
    "My bike lock is broken",
    "The ISBN is 9783161484100",
    "My salary is 52,000 a year",
    "The flight number is LH1234",
    "I have 12345678901234 steps",
    "The account is empty",
    "Don't tell me the password",
    "Is my pin safe?",
    "My clave teacher is good",
    "The password was changed",
    "tan shoes",
    "pw meeting at 3",
    "My dog is called Biscuit",
    "Log in to the site at noon",
    "The login is at the top of the page",
    "It was a secret",
    "The password is needed for the wifi",
    "I'm wearing a tan coat on Sunday",
    "Secret Santa is on 12 December",
    "My PIN number is blocked",
    "The qr code is on page 300",
    "The discount code is SAVE20 maybe",
    "The code review is on 3 May",
    "My account number of followers is growing",
    "I have a meeting at 4111 Main Street",
    "The pin on my jacket is gold",
    "Our login page has 3 buttons",
    "I like the secret garden",
    "My tan is gone since 2 weeks",
    "Is there a combination of 3 colours?",
    "Sourdough: 500 g flour, 350 g water, 10 g salt",
    "The number of my house is 4711",
    "Passwords are annoying",
    "I changed my password yesterday",
    "I type my password 5 times a day",
    "She is my secret crush",
]


@pytest.mark.parametrize("text", HELD)
def test_a_value_that_opens_or_pays_is_held(text):
    assert topic_of(text) == "credential"
    assert topic_of(f"Hello again. {text}\nThanks!") == "credential"


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_talk_about_one_is_left_alone(text):
    assert not holds_credential(text)


@given(st.integers(0, 10**14 - 1), st.sampled_from(["", " ", "-"]))
def test_a_card_number_is_known_by_its_check_digit(number, between):
    digits = f"4{number:014}"
    doubled = "".join(str(int(digit) * (1 if place % 2 else 2)) for place, digit in enumerate(reversed(digits)))
    right = -sum(map(int, doubled)) % 10
    for check in range(10):
        card = between.join(f"{digits}{check}"[place : place + 4] for place in range(0, 16, 4))
        assert holds_credential(f"Pay with {card} please") is (check == right)


@given(st.text(max_size=300))
def test_any_text_is_answered(text):
    assert holds_credential(text) in (True, False)


WRITTEN_LATER = """
The alarm code at my flat is 4711
my netflix password is Tulip!88
pw for the router: 7hG-kk2
The PIN of my card is 8812
Wifi at mum's: key is sunflower2020
my ssn is 421-55-9031
the combination of the bike lock is 2580
Safe code 9921, don't forget
My passport number is C01X00T47
IBAN DE89 3704 0044 0532 0130 00
The gate code is #4402
api key sk-proj-abcdEFGH1234567890abcd
token ghp_16C7e42F292c6912E7710c838347Ae178B4a
My Amazon login is anna@web.de / Sommer2024!
mein Passwort ist Sonnenblume7
Der Türcode ist 5531
Die PIN meiner Karte ist 9087
mi contraseña es Gato2023
el PIN de mi tarjeta es 4410
我的密码是 tiger2020
wifi密码:12345678
银行卡密码是882211
Card 4539 1488 0343 6467 exp 09/28
cvv is 331
my laptop password changed to Orchid_55
the recovery phrase is apple river stone
backup code: 8842-1190
my master password is correcthorsebattery
the locker combination is 12-34-8
voicemail pin 4420
My bank account number is 31926819
driver's licence number is MORGA753116SM9IJ
The password to the shared drive is still Winter-2021
Use hunter22 as my password for the site
Her phone unlocks with 774411
mot de passe: Soleil99
la password è Gatto77
The door opens with 2214
My client secret is 9f8e7d6c5b4a
Secret question answer: my password's Bluebird5
""".strip().splitlines()
"""Written when the rules were done; seven of these forty were missed then."""
NO_SECRETS = """
I forgot my password again
What's a strong password?
The pin fell off my jacket
The code compiles
My login doesn't work
Promo code SUMMER20 gives 20% off
My post code is SW1A 1AA
The dress code is black tie
Our flight number is LH 1234
order number 4471829
My phone number is 030 1234567
The combination of basil and lemon is great
pin the recipe to the top
My key is under the mat
The password of this quiz round was 'banana', we laughed
""".strip().splitlines()


@pytest.mark.parametrize("text", WRITTEN_LATER)
def test_a_secret_is_known_in_other_wordings_and_languages(text):
    assert topic_of(text) == "credential"


@pytest.mark.parametrize("text", NO_SECRETS)
def test_words_of_secrets_without_one_are_left_alone(text):
    assert topic_of(text) is None
