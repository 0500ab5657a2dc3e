BEGIN TRANSACTION;
CREATE TABLE about (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "about" VALUES('schema','9');
CREATE TABLE account (
	name VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	token_hash VARCHAR NOT NULL, supplier VARCHAR NOT NULL DEFAULT '', 
	PRIMARY KEY (name)
);
INSERT INTO "account" VALUES('ada','manager','hash','','');
INSERT INTO "account" VALUES('bo','crew','hash-bo','','');
INSERT INTO "account" VALUES('erp','crew','','machine','');
INSERT INTO "account" VALUES('sam','supplier','','portal','acme');
CREATE TABLE alert (
	id INTEGER NOT NULL, 
	rule VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	zone VARCHAR NOT NULL, 
	severity INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	since_ms BIGINT NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	params JSON NOT NULL, 
	acknowledged_by VARCHAR NOT NULL, 
	acknowledged_ms BIGINT NOT NULL, 
	note VARCHAR NOT NULL, shelved_until_ms BIGINT NOT NULL DEFAULT 0, reopened INTEGER NOT NULL DEFAULT 0, assigned_to VARCHAR NOT NULL DEFAULT '', 
	PRIMARY KEY (id)
);
INSERT INTO "alert" VALUES(1,'stock_out','bolt','hall',2,'firing',1763762400000,1763762400000,'{"on_hand": 0}','',0,'',0,0,'');
CREATE TABLE alert_transition (
	id INTEGER NOT NULL, 
	alert INTEGER NOT NULL, 
	"before" VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	severity INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE booked (gateway VARCHAR NOT NULL, movements BIGINT NOT NULL, PRIMARY KEY (gateway));
INSERT INTO "booked" VALUES('g1',2);
CREATE TABLE cold_stay (
	id INTEGER NOT NULL, 
	sku VARCHAR NOT NULL, 
	lot VARCHAR NOT NULL, 
	zone VARCHAR NOT NULL, 
	storage VARCHAR NOT NULL, 
	from_ms BIGINT NOT NULL, 
	until_ms BIGINT NOT NULL, 
	units BIGINT NOT NULL, 
	body JSON NOT NULL, 
	"key" VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
CREATE TABLE cold_step (
	id INTEGER NOT NULL, 
	excursion INTEGER NOT NULL, 
	zone VARCHAR NOT NULL, 
	storage VARCHAR NOT NULL, 
	what VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	known_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	body JSON NOT NULL, 
	"key" VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
CREATE TABLE device (
	device VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, 
	last_seen_ms BIGINT NOT NULL, 
	period_ms BIGINT NOT NULL, 
	lost BIGINT NOT NULL, 
	duplicates BIGINT NOT NULL, 
	clock_offset_ms BIGINT NOT NULL, 
	battery_pct FLOAT, 
	findings JSON NOT NULL, heard JSON NOT NULL DEFAULT '[]', noticed JSON NOT NULL DEFAULT '[]', unheard BOOLEAN NOT NULL DEFAULT FALSE, gateway VARCHAR NOT NULL DEFAULT '', seq BIGINT NOT NULL DEFAULT 0, 
	PRIMARY KEY (device)
);
INSERT INTO "device" VALUES('shelf-1','ok',1763762400000,1763762400000,5000,1,2,3,80.0,'[]','[]','[]',0,'',0);
CREATE TABLE entry (
	id INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	sku VARCHAR NOT NULL, 
	units BIGINT NOT NULL, 
	happened_ms BIGINT NOT NULL, 
	known_ms BIGINT NOT NULL, 
	place VARCHAR NOT NULL, 
	other VARCHAR NOT NULL, 
	lot VARCHAR NOT NULL, 
	expiry VARCHAR NOT NULL, 
	unit_cost FLOAT, 
	ref VARCHAR NOT NULL, 
	"by" VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE kept (
	"key" VARCHAR NOT NULL, 
	blob BLOB NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE lane (
	gateway VARCHAR NOT NULL, 
	lane VARCHAR NOT NULL, 
	held BLOB NOT NULL, 
	applied BIGINT NOT NULL, 
	refused BIGINT NOT NULL, 
	last_ms BIGINT NOT NULL, duplicates BIGINT NOT NULL DEFAULT 0, holes JSON NOT NULL DEFAULT '[]', next_seq BIGINT, unsigned_from BIGINT, 
	PRIMARY KEY (gateway, lane)
);
INSERT INTO "lane" VALUES('g1','events',X'939192000500CE000186A0',5,1,1763762405000,0,'[]',NULL,NULL);
INSERT INTO "lane" VALUES('g1','telemetry',X'939292000192050500CE000186A0',3,0,1763762405000,0,'[]',NULL,NULL);
CREATE TABLE level (
	slot VARCHAR NOT NULL, 
	sku VARCHAR NOT NULL, 
	count BIGINT, 
	low BIGINT NOT NULL, 
	high BIGINT NOT NULL, 
	confidence FLOAT NOT NULL, 
	mass_g FLOAT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	reason VARCHAR NOT NULL, 
	remedy VARCHAR NOT NULL, 
	booked BIGINT, 
	differs_ms BIGINT NOT NULL, gateway VARCHAR NOT NULL DEFAULT '', seq BIGINT NOT NULL DEFAULT 0, 
	PRIMARY KEY (slot)
);
INSERT INTO "level" VALUES('A1','bolt',89,88,90,0.99,4450.0,1763762400000,'','',NULL,0,'',0);
CREATE TABLE local_alarm (
	gateway VARCHAR NOT NULL, 
	rule VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	zone VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	since_ms BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	known_ms BIGINT NOT NULL, 
	params JSON NOT NULL, 
	PRIMARY KEY (gateway, rule, subject)
);
CREATE TABLE movement (
	id INTEGER NOT NULL, 
	gateway VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	slot VARCHAR NOT NULL, 
	sku VARCHAR NOT NULL, 
	delta BIGINT NOT NULL, 
	count BIGINT NOT NULL, 
	happened_ms BIGINT NOT NULL, 
	known_ms BIGINT NOT NULL, 
	confidence FLOAT NOT NULL, 
	source VARCHAR NOT NULL, heard_ms BIGINT NOT NULL DEFAULT 0, 
	PRIMARY KEY (id), 
	UNIQUE (gateway, seq)
);
INSERT INTO "movement" VALUES(1,'g1',0,'A1','bolt',-6,90,1763762400000,1763762405000,0.99,'weight',0);
INSERT INTO "movement" VALUES(2,'g1',1,'A1','bolt',-1,89,1763762401000,1763762405000,0.99,'first',0);
CREATE TABLE need (
	id INTEGER NOT NULL, 
	sku VARCHAR NOT NULL, 
	quantity INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	created_ms BIGINT NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	why JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "need" VALUES(1,'bolt',40,'proposed',1763762400000,1763762400000,'{"on_hand": 2}');
CREATE TABLE notice (
	id INTEGER NOT NULL, 
	made_ms BIGINT NOT NULL, 
	person VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	severity INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	alerts JSON NOT NULL, 
	more INTEGER NOT NULL, 
	title VARCHAR NOT NULL, 
	body VARCHAR NOT NULL, 
	only VARCHAR NOT NULL, 
	nonce VARCHAR NOT NULL, 
	taken_ms BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	detail VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE ordered_need (
	need INTEGER NOT NULL, 
	purchase INTEGER NOT NULL, 
	PRIMARY KEY (need)
);
CREATE TABLE proposal (
	gateway VARCHAR NOT NULL, 
	sku VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	quantity BIGINT NOT NULL, 
	position BIGINT NOT NULL, 
	reorder_point BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	known_ms BIGINT NOT NULL, 
	PRIMARY KEY (gateway, sku)
);
CREATE TABLE purchase (
	id INTEGER NOT NULL, 
	supplier VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	created_ms BIGINT NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE purchase_version (
	purchase INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (purchase, version)
);
CREATE TABLE refused (
	gateway VARCHAR NOT NULL, 
	lane VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	reason VARCHAR NOT NULL, 
	report BLOB NOT NULL, 
	at_ms BIGINT NOT NULL, 
	PRIMARY KEY (gateway, lane, seq)
);
INSERT INTO "refused" VALUES('g1','events',5,'not a report this service knows: Expected `array`, got `int`',X'706F69736F6E',1763762405000);
CREATE TABLE repeated (
	id INTEGER NOT NULL, 
	gateway VARCHAR NOT NULL, 
	lane VARCHAR NOT NULL, 
	first BIGINT NOT NULL, 
	last BIGINT NOT NULL, 
	count BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE reservation (
	id INTEGER NOT NULL, 
	sku VARCHAR NOT NULL, 
	units BIGINT NOT NULL, 
	tier VARCHAR NOT NULL, 
	customer VARCHAR NOT NULL, 
	made_ms BIGINT NOT NULL, 
	until_ms BIGINT NOT NULL, 
	state VARCHAR NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	ref VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	"by" VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE score (
	id INTEGER NOT NULL, 
	supplier VARCHAR NOT NULL, 
	criterion VARCHAR NOT NULL, 
	value FLOAT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE session (
	token_hash VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	password_hash VARCHAR NOT NULL, 
	expires_ms BIGINT NOT NULL, 
	PRIMARY KEY (token_hash)
);
INSERT INTO "session" VALUES('token','ada','hash',1764762400000);
CREATE TABLE spare (
	neighbour VARCHAR NOT NULL, 
	sku VARCHAR NOT NULL, 
	units BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	PRIMARY KEY (neighbour, sku)
);
CREATE TABLE tag (
	epc VARCHAR NOT NULL, 
	device VARCHAR NOT NULL, 
	zone VARCHAR NOT NULL, 
	move VARCHAR NOT NULL, 
	at_ms BIGINT NOT NULL, heard_ms BIGINT NOT NULL DEFAULT 0, gateway VARCHAR NOT NULL DEFAULT '', seq BIGINT NOT NULL DEFAULT 0, 
	PRIMARY KEY (epc, device)
);
INSERT INTO "tag" VALUES('3034257BF7194E4000001A85','gate-1','hall','arrived',1763762400000,0,'',0);
CREATE TABLE thinned (
	id INTEGER NOT NULL, 
	gateway VARCHAR NOT NULL, 
	first BIGINT NOT NULL, 
	last BIGINT NOT NULL, 
	count BIGINT NOT NULL, 
	at_ms BIGINT NOT NULL, 
	why VARCHAR NOT NULL, lane VARCHAR NOT NULL DEFAULT 'telemetry', known_ms BIGINT NOT NULL DEFAULT 0, 
	PRIMARY KEY (id)
);
INSERT INTO "thinned" VALUES(1,'g1',3,9,7,1763762400000,'outbox_full','telemetry',1763762400000);
CREATE TABLE verdict (
	id INTEGER NOT NULL, 
	rule VARCHAR NOT NULL, 
	asset VARCHAR NOT NULL, 
	alert INTEGER NOT NULL, 
	work INTEGER NOT NULL, 
	said VARCHAR NOT NULL, 
	severity INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	known_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	note VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	outcome BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE work (
	id INTEGER NOT NULL, 
	asset VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	created_ms BIGINT NOT NULL, 
	changed_ms BIGINT NOT NULL, 
	version INTEGER NOT NULL, 
	claim VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE work_version (
	work INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	at_ms BIGINT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	body JSON NOT NULL, 
	PRIMARY KEY (work, version)
);
CREATE INDEX movement_happened ON movement (happened_ms);
CREATE INDEX movement_sku ON movement (sku, happened_ms, known_ms);
CREATE INDEX entry_sku ON entry (sku, happened_ms, known_ms);
CREATE UNIQUE INDEX entry_key ON entry ("key") WHERE "key" != '';
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'rows of entry are only ever added'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'rows of entry are only ever added'); END;
CREATE INDEX purchase_state ON purchase (state);
CREATE TRIGGER purchase_version_no_update BEFORE UPDATE ON purchase_version BEGIN SELECT RAISE(ABORT, 'rows of purchase_version are only ever added'); END;
CREATE TRIGGER purchase_version_no_delete BEFORE DELETE ON purchase_version BEGIN SELECT RAISE(ABORT, 'rows of purchase_version are only ever added'); END;
CREATE UNIQUE INDEX reservation_key ON reservation ("key") WHERE "key" != '';
CREATE INDEX reservation_state ON reservation (state);
CREATE TRIGGER score_no_update BEFORE UPDATE ON score BEGIN SELECT RAISE(ABORT, 'rows of score are only ever added'); END;
CREATE TRIGGER score_no_delete BEFORE DELETE ON score BEGIN SELECT RAISE(ABORT, 'rows of score are only ever added'); END;
CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'rows of entry are only ever added') WHERE EXISTS (SELECT 1 FROM entry WHERE id = NEW.id); SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM entry WHERE NEW.key != '' AND key = NEW.key); END;
CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'rows of movement are only ever added'); END;
CREATE TRIGGER movement_no_delete BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'rows of movement are only ever added'); END;
CREATE TRIGGER movement_no_replace BEFORE INSERT ON movement BEGIN SELECT RAISE(ABORT, 'rows of movement are only ever added') WHERE EXISTS (SELECT 1 FROM movement WHERE id = NEW.id); SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM movement WHERE gateway = NEW.gateway AND seq = NEW.seq); END;
CREATE TRIGGER purchase_version_no_replace BEFORE INSERT ON purchase_version BEGIN SELECT RAISE(ABORT, 'rows of purchase_version are only ever added') WHERE EXISTS (SELECT 1 FROM purchase_version WHERE purchase = NEW.purchase AND version = NEW.version); END;
CREATE TRIGGER score_no_replace BEFORE INSERT ON score BEGIN SELECT RAISE(ABORT, 'rows of score are only ever added') WHERE EXISTS (SELECT 1 FROM score WHERE id = NEW.id); END;
CREATE INDEX cold_step_excursion ON cold_step (excursion);
CREATE INDEX cold_step_zone ON cold_step (zone, at_ms);
CREATE TRIGGER cold_step_no_update BEFORE UPDATE ON cold_step BEGIN SELECT RAISE(ABORT, 'rows of cold_step are only ever added'); END;
CREATE TRIGGER cold_step_no_delete BEFORE DELETE ON cold_step BEGIN SELECT RAISE(ABORT, 'rows of cold_step are only ever added'); END;
CREATE TRIGGER cold_step_no_replace BEFORE INSERT ON cold_step BEGIN SELECT RAISE(ABORT, 'rows of cold_step are only ever added') WHERE EXISTS (SELECT 1 FROM cold_step WHERE id = NEW.id); SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM cold_step WHERE key = NEW.key); END;
CREATE INDEX cold_stay_sku ON cold_stay (sku, lot);
CREATE TRIGGER cold_stay_no_update BEFORE UPDATE ON cold_stay BEGIN SELECT RAISE(ABORT, 'rows of cold_stay are only ever added'); END;
CREATE TRIGGER cold_stay_no_delete BEFORE DELETE ON cold_stay BEGIN SELECT RAISE(ABORT, 'rows of cold_stay are only ever added'); END;
CREATE TRIGGER cold_stay_no_replace BEFORE INSERT ON cold_stay BEGIN SELECT RAISE(ABORT, 'rows of cold_stay are only ever added') WHERE EXISTS (SELECT 1 FROM cold_stay WHERE id = NEW.id); SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM cold_stay WHERE key = NEW.key); END;
CREATE UNIQUE INDEX work_claim ON work (claim) WHERE claim != '';
CREATE UNIQUE INDEX work_key ON work ("key") WHERE "key" != '';
CREATE INDEX work_state ON work (state);
CREATE TRIGGER work_version_no_update BEFORE UPDATE ON work_version BEGIN SELECT RAISE(ABORT, 'rows of work_version are only ever added'); END;
CREATE TRIGGER work_version_no_delete BEFORE DELETE ON work_version BEGIN SELECT RAISE(ABORT, 'rows of work_version are only ever added'); END;
CREATE TRIGGER work_version_no_replace BEFORE INSERT ON work_version BEGIN SELECT RAISE(ABORT, 'rows of work_version are only ever added') WHERE EXISTS (SELECT 1 FROM work_version WHERE work = NEW.work AND version = NEW.version); END;
CREATE INDEX verdict_at ON verdict (at_ms);
CREATE UNIQUE INDEX verdict_key ON verdict ("key") WHERE "key" != '';
CREATE INDEX verdict_of ON verdict (alert, work);
CREATE TRIGGER verdict_no_update BEFORE UPDATE ON verdict BEGIN SELECT RAISE(ABORT, 'rows of verdict are only ever added'); END;
CREATE TRIGGER verdict_no_delete BEFORE DELETE ON verdict BEGIN SELECT RAISE(ABORT, 'rows of verdict are only ever added'); END;
CREATE TRIGGER verdict_no_replace BEFORE INSERT ON verdict BEGIN SELECT RAISE(ABORT, 'rows of verdict are only ever added') WHERE EXISTS (SELECT 1 FROM verdict WHERE id = NEW.id); SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM verdict WHERE NEW.key != '' AND key = NEW.key); END;
CREATE INDEX notice_state ON notice (state);
COMMIT;
