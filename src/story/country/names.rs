//! The names of states.

/// By ISO 3166 code the names, adjectives and usual short forms, folded, apart by `/`; `*` stands for any ending.
///
/// African states and those that deal with their forces. A capital outside Africa stands for its government; one in Africa
/// is as often a place where something happens, so those are left out.
pub const NAMES: &[(&str, &str)] = &[
    ("DZ", "algeri*/argeli*/алжир*/جزائر/جزائري*/cezayir*/阿尔及利亚/aljeri*"),
    ("AO", "angola*/ангол*/انغولا/انغولي*/安哥拉"),
    ("BJ", "benin*/бенин*/بنين/贝宁"),
    ("BW", "botswana*/ботсван*/بوتسوانا/博茨瓦纳"),
    ("BF", "burkina faso/burkina*/буркина фасо/буркина*/بوركينا فاسو/بوركينا/布基纳法索"),
    ("BI", "burundi*/бурунди*/بوروندي/布隆迪"),
    ("CM", "cameroo*/camero*/camaroes/camarones/камерун*/الكاميرون/كاميرون*/kamerun*/喀麦隆"),
    ("CV", "cape verde/cabo verde/cap vert/кабо верде/كاب فيردي/الراس الاخضر/佛得角/kepuvede"),
    (
        "CF",
        "central african republic/central african/centrafri*/rca/car/centroafri*/цар/центральноафриканск*/\
            افريقيا الوسطي/orta afrika/中非共和国",
    ),
    ("TD", "chad/chadian*/tchad*/чад/чада/чаде/чаду/чадск*/تشاد/تشادي*/cad/chadi/乍得"),
    ("KM", "comoro*/comores/comorien*/коморск*/جزر القمر/科摩罗"),
    (
        "CD",
        "dr congo/drc/rdc/democratic republic of congo/democratic republic of the congo/rd congo/др конго/дрк/\
            الكونغو الديمقراطيه/demokratik kongo/刚果民主共和国/刚果金",
    ),
    ("CG", "congo/congolais*/congolese/congoles*/конго/конголезск*/الكونغو/kongo/刚果"),
    (
        "CI",
        "cote d ivoire/ivory coast/ivoirien*/ivorian*/costa do marfim/costa de marfil/marfilen*/кот д ивуар*/\
            ивуарийск*/ساحل العاج/كوت ديفوار/fildisi sahili/科特迪瓦",
    ),
    ("DJ", "djibouti*/джибути/جيبوتي/cibuti/jibuti/yibuti/吉布提"),
    ("EG", "egypt*/egipt*/egito/egipci*/египет*/египт*/مصر/مصري*/misir/misri/埃及"),
    (
        "GQ",
        "equatorial guinea/guinee equatoriale/guinea ecuatorial/guine equatorial/экваториальная гвинея/экваториальной гвинее/экваториальной гвинеи/экваториальную гвинею/\
            غينيا الاستوائيه/赤道几内亚",
    ),
    ("ER", "eritrea*/erythree*/эритре*/اريتريا/eritre/厄立特里亚"),
    ("SZ", "eswatini/эсватини/اسواتيني/斯威士兰"),
    ("ET", "ethiopi*/etiopi*/эфиоп*/اثيوبيا/اثيوبي*/etiyopya*/habasha/埃塞俄比亚"),
    ("GA", "gabon*/gabao/габон*/الغابون/加蓬"),
    ("GM", "gambia*/gambie*/гамби*/غامبيا/gambiya*/冈比亚"),
    ("GH", "ghana*/gana/ghanea*/гана/гане/гану/ганы/ганск*/غانا/加纳"),
    (
        "GW",
        "guinea bissau/guinee bissau/guine bissau/bissau guinean/гвинея бисау/гвинее бисау/гвинеи бисау/гвинею бисау/غينيا بيساو/gine bissau/几内亚比绍",
    ),
    ("GN", "guinea/guinean*/guinee*/guineen*/guine/guineens*/гвине*/غينيا/gine/几内亚"),
    ("KE", "kenya*/kenia*/quenia*/кени*/كينيا/كيني*/肯尼亚"),
    ("LS", "lesotho/лесото/ليسوتو/莱索托"),
    ("LR", "liberia*/либери*/ليبيريا/利比里亚"),
    ("LY", "libya*/libye*/libia*/ливи*/ливийск*/ليبيا/ليبي*/利比亚"),
    ("MG", "madagascar/malagas*/malgach*/мадагаскар*/مدغشقر/madagaskar/马达加斯加"),
    ("MW", "malawi*/малави*/مالاوي/马拉维"),
    ("ML", "mali/malian*/malien*/maliano*/малийск*/мали/مالي/马里"),
    ("MR", "mauritani*/мавритан*/موريتانيا/موريتاني*/moritanya*/毛里塔尼亚"),
    ("MU", "mauriti*/isla mauricio/ile maurice/маврик*/موريشيوس/毛里求斯"),
    ("MA", "morocc*/maroc*/marrocos/marruec*/marroqu*/марокк*/المغرب/مغربي*/fas/moroko/摩洛哥"),
    ("MZ", "mozambi*/mocambi*/мозамби*/موزمبيق/mozambik/msumbiji/莫桑比克"),
    ("NA", "namibi*/намиби*/ناميبيا/纳米比亚"),
    ("NE", "niger/nigerien*/nigeriens/нигер/нигера/нигере/нигеру/нигером/النيجر/nijer/nijar/尼日尔"),
    ("NG", "nigeria*/nigerian*/нигери*/нигерийск*/نيجيريا/نيجيري*/nijerya*/najeriya/尼日利亚"),
    ("RW", "rwand*/ruand*/руанд*/رواندا/卢旺达"),
    (
        "ST",
        "sao tome and principe/sao tome e principe/sao tome/santo tome/сан томе/ساو تومي/圣多美和普林西比",
    ),
    ("SN", "senegal*/сенегал*/السنغال/سنغالي*/塞内加尔"),
    ("SC", "seychell*/seicheles/сейшел*/سيشل/塞舌尔"),
    ("SL", "sierra leone*/serra leoa/сьерра леоне/سيراليون/塞拉利昂"),
    ("SO", "somali*/сомали*/الصومال/صومالي*/索马里"),
    (
        "ZA",
        "south africa/south african*/afrique du sud/sud africain*/africa do sul/sudafric*/юар/южноафриканск*/\
            جنوب افريقيا/guney afrika/afrika kusini/afirka ta kudu/南非",
    ),
    (
        "SS",
        "south sudan*/soudan du sud/sudao do sul/sudan del sur/южный судан/южного судана/южном судане/южному судану/جنوب السودان/guney sudan/sudan kusini/\
            南苏丹",
    ),
    ("SD", "sudan/sudanese/soudan*/sudao/sudanes*/судан*/السودان/سوداني*/苏丹"),
    ("TZ", "tanzani*/танзани*/تنزانيا/坦桑尼亚"),
    ("TG", "togo/togol*/тоголезск*/توغو/多哥"),
    ("TN", "tunisi*/tunez/тунис*/تونس/تونسي*/tunus*/突尼斯"),
    ("UG", "ugand*/ougand*/уганд*/اوغندا/اوغندي*/乌干达"),
    (
        "EH",
        "western sahara/sahara occidental*/polisario/западная сахара/западной сахаре/западной сахары/الصحراء الغربيه/西撒哈拉",
    ),
    ("ZM", "zambi*/замби*/زامبيا/赞比亚"),
    ("ZW", "zimbabw*/зимбабв*/زيمبابوي/津巴布韦"),
    (
        "RU",
        "moscow/moscou/moskva/moscu/moscovo/москва/москвы/москве/москвой/موسكو/moskova/莫斯科/kremlin/russia*/russie*/russe*/russo/russa/russos/russas/rusia*/ruso/rusa/rusos/rusas/rusya*/rus/росси*/русск*/\
            روسيا/روسي/روسيه/urusi/warusi/рф/俄罗斯/俄",
    ),
    ("UA", "ukrain*/ucrani*/украин*/اوكرانيا/اوكراني*/乌克兰"),
    ("BY", "belarus*/bielorus*/беларус*/белорус*/بيلاروسيا/白俄罗斯"),
    (
        "US",
        "washington/вашингтон*/واشنطن/pentagon/华盛顿/united states/u s/us/usa/american*/americain*/etats unis/estados unidos/eeuu/ee uu/eua/norte american*/\
            estadounidens*/сша/американск*/الولايات المتحده/امريكا/امريكي*/اميركا/اميركي*/abd/amerika*/marekani/amurka/\
            美国/美军",
    ),
    (
        "CN",
        "beijing/pekin/pequim/пекин*/بكين/北京/china/chinese/chine/chinois*/chino/china/chinos/chines*/кита*/الصين/صيني*/cin/cinli/uchina/中国",
    ),
    (
        "TR",
        "ankara/анкар*/انقره/安卡拉/turkey/turkiye*/turkish/turquie/turc/turque/turcs/turques/turquia/turco*/turca*/турци*/турецк*/تركيا/تركي/\
            تركيه/turk/uturuki/turkiyya/土耳其",
    ),
    (
        "FR",
        "париж*/باريس/巴黎/france/french/francais*/francia/franca/franceses/frances/francesa*/франц*/فرنسا/فرنسي*/fransa*/fransiz*/\
            ufaransa/faransa/法国",
    ),
    (
        "GB",
        "london/londres/londra/лондон*/لندن/伦敦/britain/british/uk/united kingdom/great britain/royaume uni/grande bretagne/britanni*/reino unido/gran bretana/\
            британ*/великобритан*/بريطانيا/بريطاني*/ingiltere/ingiliz/uingereza/birtaniya/英国",
    ),
    (
        "DE",
        "germany/german/germans/allemagne/allemand*/aleman*/alemanha/герман*/немецк*/المانيا/الماني*/almanya/alman/\
            ujerumani/jamus/德国",
    ),
    ("IT", "ital*/итал*/ايطاليا/ايطالي*/意大利"),
    ("ES", "spain/spanish/espagn*/espan*/испан*/اسبانيا/اسباني*/ispany*/hispania/西班牙"),
    ("PT", "portug*/португал*/البرتغال/برتغالي*/portekiz*/ureno/葡萄牙"),
    ("BE", "belg*/бельг*/بلجيكا/بلجيكي*/belcika/ubelgiji/比利时"),
    (
        "NL",
        "netherlands/dutch/pays bas/neerlandais*/paises baixos/paises bajos/нидерланд*/голланд*/هولندا/hollanda/荷兰",
    ),
    ("PL", "poland/polish/pologne/polonais*/polon*/polaco*/польш*/польск*/بولندا/波兰"),
    ("CZ", "czech*/tchequ*/checo*/чешск*/чехи*/التشيك/cek/捷克"),
    ("HU", "hungar*/hongri*/hongrois*/hungria/венгр*/венгерск*/المجر/macar*/匈牙利"),
    ("BG", "bulgar*/болгар*/بلغاريا/保加利亚"),
    ("RS", "serbia*/serbe*/serbi*/сербск*/сербия/сербии/صربيا/sirp/belgrad*/sirbistan/塞尔维亚"),
    ("RO", "romania*/roumain*/roumanie/румын*/رومانيا/罗马尼亚"),
    ("GR", "greece/greek/grece/grec/grecs/grecia/греци*/греческ*/اليونان/yunan*/希腊"),
    ("IL", "israel*/израил*/اسراييل/اسراييلي*/israil/以色列"),
    ("IR", "tehran/teheran/тегеран*/طهران/德黑兰/iran*/irao/иран*/ايران/ايراني*/伊朗"),
    (
        "AE",
        "абу даби/ابوظبي/emirat*/emirati*/uae/united arab emirates/emirados/эмират*/оаэ/الامارات/اماراتي*/bae/imarati/abu dhabi/\
            abou dhabi/阿联酋",
    ),
    (
        "SA",
        "riyadh/riyad/эр рияд*/الرياض/利雅得/saudi*/saoudi*/arabie saoudite/saudita*/саудов*/السعوديه/سعودي*/suudi*/沙特",
    ),
    ("QA", "doha/доха/الدوحه/多哈/qatar*/catar*/катар*/قطر/قطري*/katar*/卡塔尔"),
    ("KW", "kuwait*/koweit*/кувейт*/الكويت/kuveyt/科威特"),
    ("JO", "jordan*/иордан*/الاردن/اردني*/urdun/约旦"),
    ("AZ", "azerba*/азербайдж*/اذربيجان/阿塞拜疆"),
    (
        "IN",
        "new delhi/нью дели/nueva delhi/nova deli/نيودلهي/新德里/india/indian/inde/indien*/indiano*/indiens/indienne/indiennes/индия/индии/индию/индией/индийск*/الهند/هندي*/hindistan/uhindi/印度",
    ),
    ("PK", "pakistan*/paquist*/пакистан*/باكستان/باكستاني*/巴基斯坦"),
    ("JP", "japan*/japon*/япон*/اليابان/日本"),
    (
        "KR",
        "south korea*/coree du sud/coreia do sul/corea del sur/южная корея/южной кореи/южной корее/южную корею/южнокорейск*/كوريا الجنوبيه/guney kore/韩国",
    ),
    (
        "KP",
        "north korea*/coree du nord/coreia do norte/corea del norte/кндр/северокорейск*/كوريا الشماليه/朝鲜",
    ),
    ("BR", "brazil*/brasil*/bresil*/бразил*/البرازيل/brezilya*/巴西"),
    ("CU", "cuba/cuban*/cubain*/кубинск*/كوبا/kuba/古巴"),
    ("VE", "venezuel*/венесуэл*/فنزويلا/委内瑞拉"),
    ("CA", "canad*/канад*/كندا/kanada/加拿大"),
    ("SE", "sweden/swedish/suede/suedois*/suecia/швеци*/السويد/瑞典"),
    (
        "EU",
        "eu/ue/european union/union europeenne/union europea/uniao europeia/евросоюз*/ес/الاتحاد الاوروبي/\
            avrupa birligi/umoja wa ulaya/欧盟",
    ),
    ("UN", "nato/otan/нато/الناتو/北约"),
    ("PS", "palestin*/палестин*/فلسطين*/filistin*/gaza/غزه/巴勒斯坦"),
];
