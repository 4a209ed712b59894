% The recorder.  Its functions are functions of the command line: a script may change the path, and
% is to find it as it is without the recorder.
1;

function job = ocx_record(job, action, varargin)
  % Writes down what each top-level statement of a script did.
  %
  % The script runs from a copy that has a call behind each statement, in the same line, so that
  % lines and columns are the script's own.  OCX_RECORD_FOLDER names the folder that holds the plan,
  % which says where the statements are and what their words are, and that gets the results.
  %
  %   ocx_at('prepare')            makes the copy
  %   ocx_at(k)                    behind the statement of that number
  %   ocx_at('answer', name)       tells the next line of the answers, for the function NAME
  %   ocx_at('end', error)         behind the script; the error that ended it, or []
  %   ocx_at()                     when Octave exits
  if nargin == 3 && strcmp(action, 'answer')
    if isempty(job.answers)
      error('octave_compress:keyboard', ['%s: nobody is at the keyboard while a script is ', ...
                                         'recorded: --answers takes a file'], varargin{1});
    end
    ocx_tell(job.answers{1});
    job.answers(1) = [];
    return
  end
  try
    if isempty(job)
      job = ocx_prepared();
    elseif job.is_over || getpid() ~= job.pid % the script may have forked
      return
    elseif nargin == 1
      job = ocx_ended(job, 'exit', []);
    elseif ~ischar(action)
      if action > job.number
        job = ocx_written(job, action, 'completed', []);
      end
    elseif ~isempty(varargin{1})
      job = ocx_ended(job, 'error', varargin{1});
    elseif any(job.hooks > job.number)
      job = ocx_ended(job, 'return', []);
    else
      job = ocx_ended(job, 'completed', []);
    end
  catch failure % which the script must never see
    ocx_write([job.folder, '/failure'], sprintf('%s\n', failure.message, failure.stack.name));
    kill(getpid(), 9);
  end
end

function job = ocx_prepared()
  job.folder = getenv('OCX_RECORD_FOLDER');
  job.script = getenv('OCX_RECORD_SCRIPT');
  job.copy = getenv('OCX_RECORD_COPY');
  job.pid = getpid();
  job.is_over = false;
  job.number = 0; % of the last statement that is over
  job.count = 0; % of the results
  job.seen = struct(); % the variables that there are: what they were when they were last looked at
  job.code = struct(); % of those that hold code: the words of it, or 0 if nobody knows them
  job.judged = struct(); % what functions may do to variables
  job.place = '';
  job.core = [matlabroot(), '/share/octave/', version(), '/m/'];
  plan = builtin('load', [job.folder, '/plan']).args{1};
  job.targets = plan.targets;
  job.words = plan.words;
  job.functions = plan.functions;
  job.answers = plan.answers;
  [job.hooks, trouble] = ocx_copied(plan, job);
  ocx_write([job.folder, '/result-plan'], ...
            struct('trouble', trouble, 'hooks', job.hooks, 'octave', version(), ...
                   'blas', version('-blas'), 'computer', computer(), ...
                   'packages', {ocx_packages()}));
  if isempty(trouble)
    autoload('ocx_script', job.copy);
    atexit('ocx_at');
  else
    job.is_over = true;
  end
  cd(getenv('OCX_RECORD_WORK')); % only now, as a folder may hide functions that were needed
  lasterr('', '');
  lastwarn('', '');
  ocx_tell(isempty(trouble));
end

function [hooks, trouble] = ocx_copied(plan, job)
  % Makes the copy; the numbers of the statements that have a call behind them, and what is wrong
  % with the script if Octave cannot read it.
  state = warning();
  warning('off', 'all');
  hooks = find(plan.has_hook);
  part = [job.folder, '/part.m'];
  trouble = ocx_parsing_error(char([plan.plain{:}, plan.rest]), part);
  trouble = strrep(trouble, part, job.script);
  pieces = plan.hooked;
  if isempty(trouble) && ~ocx_is_complete(pieces, part)
    % Octave does not see the statements where the plan does: it is asked for each of them.
    hooks = zeros(1, 0);
    open = {};
    for k = 1:numel(pieces)
      if ocx_is_complete({[open{:}, pieces{k}]}, part)
        hooks(end + 1) = k;
        open = {};
      else
        pieces{k} = plan.plain{k};
        open{end + 1} = pieces{k};
      end
    end
    hooks = hooks(plan.has_hook(hooks));
  end
  warning(state);
  ocx_write_text(job.copy, [pieces{:}, plan.rest]);
  ocx_write_text([job.folder, '/script.m'], [plan.plain{:}, plan.rest]);
end

function answer = ocx_is_complete(pieces, path)
  % Whether each of them can stand alone: then it does not end in the middle of anything.  Nothing
  % can be in the middle of both of these blocks.
  answer = true;
  for block = {'while', 'if'}
    text = [repmat({uint8([block{1}, " true\n"])}, 1, numel(pieces)); pieces; ...
            repmat({uint8(['end', block{1}, "\n"])}, 1, numel(pieces))];
    answer = answer && isempty(ocx_parsing_error([text{:}], path));
  end
end

function text = ocx_parsing_error(code, path)
  ocx_write_text(path, code);
  text = '';
  try
    __parse_file__(path);
  catch failure
    text = failure.message;
  end
end

function ocx_write_text(path, text)
  file = fopen(path, 'w');
  fwrite(file, text);
  fclose(file);
end

function job = ocx_ended(job, how, failure)
  job.is_over = true;
  next = numel(job.targets);
  if ~strcmp(how, 'completed')
    running = job.hooks(job.hooks > job.number);
    next = min([running, next]);
  end
  job = ocx_written(job, next, how, failure);
  ocx_write([job.folder, '/result-end'], struct('ended', how, 'packages', {ocx_packages()}));
end

function job = ocx_written(job, number, how, failure)
  % Writes what the statements up to that number have done since the last time.
  if job.count == 0 % whoever looks at the file now is to see the script
    rename([job.folder, '/script.m'], job.copy);
  end
  job.count = job.count + 1;
  fflush(stdout);
  fflush(stderr);
  [warned, identifier] = lastwarn();
  [message, kind] = lasterr();
  place = [pwd(), "\n", path()];
  if ~strcmp(place, job.place) % functions may be others now
    job.place = place;
    job.judged = struct();
  end
  steps = job.number + 1:number;
  targets = [{}, job.targets{steps}];
  [names, is_all, job] = ocx_names_to_look_at(job, targets, [{}, job.words{steps}]);
  vanished = {};
  changed = cell(1, 0);
  values = cell(1, 0);
  apart = false(1, 0);
  if is_all
    evalin('base', 'ocx_tell(builtin("who"))'); % as an argument, it does not become 'ans'
    names = ocx_tell().';
    before = __fieldnames__(job.seen).';
    vanished = before(~isfield(cell2struct(cell(numel(names), 1), names(:), 1), before));
  end
  for k = 1:numel(names)
    name = names{k};
    if ~is_all
      evalin('base', ['ocx_tell(builtin("exist", "', name, '", "var"))']);
      if ocx_tell() ~= 1
        if isfield(job.seen, name)
          vanished{end + 1} = name;
        end
        continue
      end
    end
    value = evalin('base', name);
    if is_all && isfield(job.seen, name)
      [same, essence] = ocx_is_same(job.seen.(name), value, job.folder);
    else
      same = false;
      essence = ocx_essence_of(value);
    end
    if ~same
      job.seen.(name) = essence;
      [value, words] = ocx_storable(value);
      if ~isempty(words)
        job.code.(name) = words;
      elseif isfield(job.code, name)
        job.code = rmfield(job.code, name);
      end
      changed{end + 1} = name;
      apart(end + 1) = ~ocx_is_plain(value);
      if apart(end) % should it be unreadable, it is the only one
        ocx_store(sprintf('%s/value-%d-%d', job.folder, job.count, numel(changed)), value);
        value = 0;
      end
      values{end + 1} = value;
    end
  end
  for k = 1:numel(vanished)
    job.seen = rmfield(job.seen, vanished{k});
    if isfield(job.code, vanished{k})
      job.code = rmfield(job.code, vanished{k});
    end
  end
  lasterr(message, kind);
  lastwarn(warned, identifier);
  result = struct('number', number, 'changed', {changed}, 'values', {values}, ...
                  'apart', apart, 'vanished', {vanished}, ...
                  'failure', {ocx_described(failure)}, ...
                  'warned', warned, 'identifier', identifier, ...
                  'printed', ocx_size_of([job.folder, '/stdout']), ...
                  'complained', ocx_size_of([job.folder, '/stderr']));
  ocx_write(sprintf('%s/result-%d', job.folder, job.count), result);
  job.number = number;
end

function [names, is_all, job] = ocx_names_to_look_at(job, names, words)
  % The variables that statements of such words may have changed: those that they assign to, and
  % all if they called what may do more than return a value.
  [reach, job] = ocx_reach_of(job, words, names);
  is_all = reach == 2;
  if reach == 1
    shared = builtin('who', 'global').';
    names = [names, shared(~cellfun(@(name) any(strcmp(name, names)), shared))];
  end
end

function [reach, job] = ocx_reach_of(job, words, targets)
  % What a statement of such words may change besides the targets, the variables that it assigns
  % to: 0 nothing, 1 global variables, 2 anything.
  reach = 0;
  k = 1;
  while k <= numel(words) && reach < 2
    word = words{k};
    if isfield(job.code, word)
      called = job.code.(word);
      if iscell(called) && ~any(isfield(job.code, called))
        [one, job] = ocx_reach_of(job, called, {});
        reach = max(reach, one);
      else
        reach = 2;
      end
    elseif ~isfield(job.seen, word) && ~(any(strcmp(word, targets)) && ocx_kind_of(word) == 0)
      if ~isfield(job.judged, word)
        job.judged.(word) = ocx_reach_of_function(job, word);
      end
      reach = max(reach, job.judged.(word));
    end
    k = k + 1;
  end
end

function reach = ocx_reach_of_function(job, name)
  % As above, for a call of a function, by the words in its file and in those of all that it calls.
  persistent risky
  if isempty(risky) % they assign to variables of their caller, or call what they are told
    for word = {'accumarray', 'arrayfun', 'assignin', 'builtin', 'bsxfun', 'cellfun', 'clear', ...
                'clearvars', 'dblquad', 'demo', 'eval', 'evalc', 'evalin', 'example', 'feval', ...
                'fminbnd', 'fminsearch', 'fminunc', 'fsolve', 'fzero', 'input', 'integral', ...
                'integral2', 'integral3', 'keyboard', 'load', 'lsode', 'nthargout', 'ode15s', ...
                'ode23', 'ode23s', 'ode45', 'publish', 'quad', 'quad2d', 'quadgk', 'quadl', ...
                'quadv', 'run', 'source', 'spfun', 'str2func', 'structfun', 'triplequad'}
      risky.(word{1}) = true;
    end
  end
  deep = {'assignin', 'builtin', 'eval', 'evalc', 'evalin', 'str2func'};
  reach = 0;
  queue = {name};
  asked.(name) = true;
  folders = {};
  while ~isempty(queue)
    word = queue{end};
    queue(end) = [];
    is_first = strcmp(word, name);
    kind = ocx_kind_of(word);
    words = {};
    if kind == 103 && isfield(job.functions, word)
      words = job.functions.(word);
    elseif kind == 103
      if is_first && any(strcmp(word, {'input', 'keyboard'}))
        reach = 2;
      end
    elseif kind == 5
      if is_first && isfield(risky, word)
        reach = 2;
      end
    else
      path = ocx_file_of(word, folders);
      if isempty(path)
        if is_first || ~isempty(dir_in_loadpath(['+', word])) % a package's function, for instance
          reach = 2;
        end
      elseif strncmp(path, job.core, numel(job.core))
        if is_first && isfield(risky, word)
          reach = 2;
        end
      elseif ~strcmp(path(max(1, end - 1):end), '.m') || any(path == '@')
        reach = 2;
      else
        file = fopen(path);
        text = fread(file, [1, Inf], '*char');
        fclose(file);
        words = regexp(text, '[A-Za-z_]\w*', 'match');
        if isempty(regexp(text, '^(\s|[%#][^\n]*\n)*function\W', 'once'))
          reach = 2; % a script or a class
        end
        folders{end + 1} = [path(1:find(path == '/', 1, 'last')), 'private/'];
      end
    end
    for k = 1:numel(words)
      if ~isfield(asked, words{k})
        asked.(words{k}) = true;
        queue{end + 1} = words{k};
      end
    end
    if ~isempty(words)
      reach = max(reach, 1 + any(isfield(asked, deep)));
    end
    if reach == 2
      return
    end
  end
end

function ocx_kind = ocx_kind_of(ocx_word)
  % Here, as this function has no variables that a function could be taken for.
  ocx_kind = builtin('exist', ocx_word);
end

function path = ocx_file_of(name, folders)
  path = file_in_loadpath([name, '.m']);
  if isempty(path)
    path = file_in_loadpath([name, '.oct']);
  end
  if isempty(path)
    path = file_in_loadpath([name, '.mex']);
  end
  for k = 1:numel(folders)
    [information, failed] = builtin('stat', [folders{k}, name, '.m']);
    if isempty(path) && ~failed
      path = [folders{k}, name, '.m'];
    end
  end
  if isempty(path)
    path = '';
  else
    path = make_absolute_filename(path);
  end
end

function [same, essence] = ocx_is_same(before, value, folder)
  % Whether a value is the same as before, to the last bit.
  essence = ocx_essence_of(value);
  if iscell(essence)
    if iscell(value) || (isstruct(value) && ~isobject(value))
      value = ocx_storable(value);
      builtin('save', '-binary', [folder, '/part'], 'value');
      file = fopen([folder, '/part']);
      essence = {hash('md5', fread(file, [1, Inf], '*char'))};
      fclose(file);
    end
    same = iscell(before) && ~isempty(before) && strcmp(before, essence);
  else
    same = ~iscell(before) && ocx_is_same_array(before, value);
  end
end

function essence = ocx_essence_of(value)
  % What tells whether a value has changed.  Of a cell array or a struct it is a hash, which is only
  % made when there is need of it; what holds no readable value is told apart by the reader.
  if isnumeric(value) || islogical(value) || ischar(value)
    essence = value;
  else
    essence = {};
  end
end

function answer = ocx_is_same_array(a, b)
  answer = strcmp(class(a), class(b)) && isequal(size(a), size(b)) && ...
           issparse(a) == issparse(b) && iscomplex(a) == iscomplex(b);
  if ~answer || isempty(a)
    return
  end
  if iscomplex(a)
    answer = ocx_is_same_array(real(a), real(b)) && ocx_is_same_array(imag(a), imag(b));
  elseif issparse(a)
    [i, j, v] = find(a);
    [k, m, w] = find(b);
    answer = isequal(i, k) && isequal(j, m) && ocx_is_same_array(full(v), full(w));
  elseif isfloat(a)
    bits = struct('double', 'uint64', 'single', 'uint32').(class(a));
    answer = all(typecast(full(a)(:), bits) == typecast(full(b)(:), bits));
  else
    answer = all(a(:) == b(:));
  end
end

function [value, code] = ocx_storable(value)
  % A value without what no file can hold: function handles and objects become a note of their
  % class.  Also the names that its code calls: 0 if nobody knows them, [] if there is no code.
  code = [];
  if ocx_is_plain(value)
    return
  elseif iscell(value)
    plain = cellfun('isnumeric', value) | cellfun('islogical', value) | ...
            cellfun('isclass', value, 'char');
    for k = find(~plain(:)).'
      [value{k}, inner] = ocx_storable(value{k});
      if ~isempty(inner)
        code = 0;
      end
    end
  elseif isstruct(value) && ~isobject(value)
    parts = struct2cell(value);
    [parts, code] = ocx_storable(parts);
    if ~isempty(code)
      value = cell2struct(parts, __fieldnames__(value), 1);
    end
  else
    [value, code] = ocx_noted(value);
  end
end

function answer = ocx_is_plain(value)
  answer = isnumeric(value) || islogical(value) || ischar(value);
end

function [note, code] = ocx_noted(value)
  note.ocx_class = class(value);
  note.ocx_text = '';
  code = 0;
  if is_function_handle(value)
    note.ocx_text = func2str(value);
    own = {};
    about = functions(value);
    is_plain = true;
    if isfield(about, 'workspace') && numel(about.workspace) == 1
      [note.ocx_captured, inner] = ocx_storable(about.workspace{1});
      own = __fieldnames__(about.workspace{1}).';
      is_plain = isempty(inner);
    end
    if is_plain
      text = note.ocx_text;
      parameters = regexp(text, '@\(([^)]*)\)', 'match');
      own = [own, regexp([parameters{:}], '[A-Za-z_]\w*', 'match')];
      code = regexp(text, '(?<![\w.])[A-Za-z_]\w*', 'match');
      code = code(~cellfun(@(word) any(strcmp(word, own)), code));
    end
  end
end

function text = ocx_described(failure)
  text = [];
  if ~isempty(failure)
    frames = failure.stack;
    text = struct('message', failure.message, 'identifier', failure.identifier, ...
                  'name', {{frames.name}}, 'file', {{frames.file}}, 'line', {{frames.line}}, ...
                  'column', {{frames.column}});
  end
end

function ocx_store(path, value)
  builtin('save', '-binary', path, 'value');
end

function ocx_write(path, value)
  % Who reads finds the whole file or none.
  ocx_store([path, '.part'], value);
  rename([path, '.part'], path);
end

function bytes = ocx_size_of(path)
  bytes = builtin('stat', path).size;
end

function list = ocx_packages()
  list = cell(1, 0);
  try
    installed = pkg('list');
    for k = 1:numel(installed)
      one = installed{k};
      list{end + 1} = struct('name', one.name, 'version', one.version, 'loaded', one.loaded);
    end
  catch
    list = cell(1, 0);
  end
end
