function ocx_record(names)
  % Runs a script, one top-level statement after the other, and writes down what each one did.
  %
  % Octave itself says where a statement ends: its parser gets more and more lines until it is
  % content.  The statements then run in the base workspace, each of them once.
  %
  % OCX_RECORD_FOLDER names the folder that holds the script's text and gets the results.  Octave
  % calls this function again when the script makes it exit, and this function calls itself from
  % the base workspace, where a call whose value is not an argument would change 'ans'.
  if nargin == 1
    remembered('names', names);
  elseif isempty(remembered('job'))
    mlock();
    start();
  elseif getpid() == remembered('job').pid && ~remembered('is_over')
    write_statement('exit', []);
    write_end('exit');
  end
end

function start()
  job.folder = getenv('OCX_RECORD_FOLDER');
  job.home = getenv('OCX_RECORD_HOME');
  job.limit = str2double(getenv('OCX_RECORD_LIMIT'));
  job.sample = str2double(getenv('OCX_RECORD_SAMPLE'));
  job.pid = getpid();
  remembered('job', job);
  remembered('is_over', false);
  remembered('number', 0);
  remembered('previous', struct());
  lines = lines_of([job.folder, '/script.m']);
  [first, last, trouble] = statements(lines, job.folder);
  write('plan', struct('first', first, 'last', last, 'trouble', trouble, 'octave', version(), ...
                       'blas', version('-blas'), 'computer', computer(), ...
                       'packages', {packages()}));
  if ~isempty(trouble)
    return
  end
  atexit('ocx_record');
  ended = 'completed';
  for k = 1:numel(first)
    remembered('number', k);
    text = sprintf('%s\n', lines{first(k):last(k)});
    [ended, failure] = run_statement(text(1:end - 1));
    if getpid() ~= job.pid % the script has forked, and this is the child
      return
    end
    write_statement(ended, failure);
    if ~strcmp(ended, 'completed')
      break
    end
  end
  write_end(ended);
end

function value = remembered(name, value)
  % What has to be at hand when Octave exits.
  persistent store
  if nargin == 2
    store.(name) = value;
  elseif isfield(store, name)
    value = store.(name);
  else
    value = [];
  end
end

function lines = lines_of(path)
  text = [strrep(fileread(path), "\r\n", "\n"), "\n"];
  ends = [0, find(text == "\n")];
  lines = arrayfun(@(from, to) text(from + 1:to - 1), ends(1:end - 1), ends(2:end), ...
                   'UniformOutput', false);
end

function [first, last, trouble] = statements(lines, folder)
  % The lines where the statements begin and end, and what is wrong with the script if it cannot
  % be parsed as a whole.
  [first, last] = deal(zeros(1, 0));
  state = warning();
  warning('off', 'all');
  trouble = parsing_error(sprintf('%s\n', lines{:}), folder);
  k = 1;
  while isempty(trouble) && k <= numel(lines)
    begins = trimmed(lines{k});
    if isempty(begins) || (any(begins(1) == '%#') && ~is_block_comment(begins))
      k = k + 1;
      continue
    end
    stop = last_line(lines, k, k, folder);
    if isempty(stop) % the parser may have to know what is a variable
      stop = last_line(lines, 1, k, folder);
    end
    if isempty(stop)
      stop = numel(lines);
    end
    if ~is_block_comment(begins)
      if isempty(first) && ~isempty(regexp(char(begins(begins < 128)), '^function\W', 'once'))
        trouble = ['Octave takes a file that begins with a function for the file of that ', ...
                   'function, not for a script: write "1;" on a line before it'];
      end
      first(end + 1) = k;
      last(end + 1) = stop;
    end
    k = stop + 1;
  end
  warning(state);
end

function text = trimmed(text)
  text = text(find(~isspace(text), 1):end); % strtrim minds bytes that are no UTF-8
  text = text(1:find(~isspace(text), 1, 'last'));
end

function answer = is_block_comment(begins)
  answer = any(strcmp(begins, {'%{', '#{'}));
end

function stop = last_line(lines, from, begin, folder)
  % The last line of the statement that begins at a line, with all lines before it from another.
  text = sprintf('%s\n', lines{from:begin - 1});
  for stop = begin:numel(lines)
    text = [text, lines{stop}, "\n"];
    if is_complete(text, folder)
      return
    end
  end
  stop = [];
end

function answer = is_complete(text, folder)
  % A function or a block comment may go on although the parser is content: then it is as content
  % with an end of a function behind it, which is no statement.
  answer = isempty(parsing_error(["1;", text], folder)) && ...
           ~isempty(parsing_error(["1;", text, "endfunction\n"], folder));
end

function text = parsing_error(code, folder)
  path = [folder, '/ocx_part.m'];
  file = fopen(path, 'w');
  fwrite(file, code);
  fclose(file);
  text = '';
  try
    __parse_file__(path);
  catch failure
    text = strrep(failure.message, [' of file ', path], '');
  end
end

function [ended, failure] = run_statement(code)
  % Runs code in the base workspace.  A return in it ends this function too, before its last line.
  ended = 'return';
  failure = [];
  try
    evalin('base', code);
  catch failure
    ended = 'error';
    return
  end
  ended = 'completed';
end

function write_statement(ended, failure)
  job = remembered('job');
  previous = remembered('previous');
  fflush(stdout);
  fflush(stderr);
  [warned, identifier] = lastwarn();
  stay_on_path(job.home);
  evalin('base', 'ocx_record(builtin("who"))');
  names = remembered('names');
  [changed, values] = deal({});
  current = struct();
  for k = 1:numel(names)
    name = names{k};
    value = evalin('base', name);
    current.(name) = essence(value, job);
    if ~isfield(previous, name) || ~is_same(previous.(name), current.(name))
      changed{end + 1} = name;
      values{end + 1} = storable(value, job);
    end
  end
  before = fieldnames(previous).';
  vanished = before(~cellfun(@(name) any(strcmp(name, names)), before));
  result = struct('ended', ended, 'changed', {changed}, 'values', {values}, ...
                  'vanished', {vanished}, 'failure', {described(failure)}, 'warned', warned, ...
                  'identifier', identifier, 'printed', size_of([job.folder, '/stdout']), ...
                  'complained', size_of([job.folder, '/stderr']));
  write(sprintf('%d', remembered('number')), result);
  remembered('previous', current);
end

function write_end(ended)
  remembered('is_over', true);
  write('end', struct('ended', ended, 'packages', {packages()}));
end

function write(name, result)
  folder = remembered('job').folder;
  save('-binary', [folder, '/partial'], 'result');
  rename([folder, '/partial'], [folder, '/result-', name]);
end

function stay_on_path(home)
  % The script may have cleaned the path.
  if isempty(strfind(path(), home))
    state = warning('off', 'Octave:shadowed-function');
    addpath(home);
    warning(state);
  end
end

function bytes = size_of(path)
  information = stat(path);
  bytes = information.size;
end

function list = packages()
  list = {};
  try
    installed = pkg('list');
    for k = 1:numel(installed)
      one = installed{k};
      list{end + 1} = struct('name', one.name, 'version', one.version, 'loaded', one.loaded);
    end
  catch
    list = {};
  end
end

function text = described(failure)
  text = [];
  if ~isempty(failure)
    frames = failure.stack;
    ours = find(strcmp({frames.name}, 'ocx_record>run_statement'), 1);
    frames = frames(1:ours - 1);
    text = struct('message', failure.message, 'identifier', failure.identifier, ...
                  'name', {{frames.name}}, 'file', {{frames.file}}, 'line', {{frames.line}}, ...
                  'column', {{frames.column}});
  end
end

function value = essence(value, job)
  % What tells whether a value has changed: of a cell array or a struct a hash of what 'save' makes
  % of it, as to walk through all of its elements takes long.
  if iscell(value) || (isstruct(value) && ~isobject(value))
    path = [job.folder, '/part'];
    state = warning();
    [message, identifier] = lastwarn();
    warning('off', 'all');
    try
      save('-binary', path, 'value');
      note.ocx_hash = hash('md5', fileread(path));
    catch % some objects cannot be saved
      note = storable(value, job);
    end
    warning(state);
    lastwarn(message, identifier);
    value = note;
  else
    value = storable(value, job);
  end
end

function answer = is_same(a, b)
  % Whether two values are the same to the last bit.
  answer = strcmp(class(a), class(b)) && isequal(size(a), size(b)) && ...
           issparse(a) == issparse(b) && iscomplex(a) == iscomplex(b);
  if ~answer || isempty(a)
    return
  end
  if iscell(a)
    answer = all(cellfun(@is_same, a, b)(:));
  elseif isstruct(a)
    answer = isequal(fieldnames(a), fieldnames(b)) && is_same(struct2cell(a), struct2cell(b));
  elseif iscomplex(a)
    answer = is_same(real(a), real(b)) && is_same(imag(a), imag(b));
  elseif issparse(a)
    [i, j, v] = find(a);
    [k, m, w] = find(b);
    answer = isequal(i, k) && isequal(j, m) && is_same(full(v), full(w));
  elseif isfloat(a)
    bits = struct('double', 'uint64', 'single', 'uint32').(class(a));
    answer = all(typecast(a(:), bits) == typecast(b(:), bits));
  else
    answer = isequal(a, b);
  end
end

function value = storable(value, job)
  % A value without what no file can hold: function handles and objects become a note of their
  % class, and arrays above the limit a hash and a sample.
  if iscell(value) && isinf(job.limit) && all(cellfun(@is_plain, value)(:))
    return
  elseif iscell(value)
    for k = 1:numel(value)
      value{k} = storable(value{k}, job);
    end
  elseif isobject(value) || isjava(value) || is_function_handle(value)
    value = noted(value, job);
  elseif isstruct(value)
    names = fieldnames(value);
    for k = 1:numel(value)
      for n = 1:numel(names)
        value(k).(names{n}) = storable(value(k).(names{n}), job);
      end
    end
  elseif isnumeric(value) || islogical(value) || (ischar(value) && ndims(value) == 2)
    if ~issparse(value) && ~(ischar(value) && rows(value) > 1) && sizeof(value) > job.limit
      value = hashed(value, job.sample);
    elseif isfloat(value) && ~issparse(value)
      value = full(value); % ranges and diagonal matrices have a class of their own in files
    end
  else
    value = noted(value, job);
  end
end

function answer = is_plain(value)
  answer = isnumeric(value) || islogical(value) || (ischar(value) && ndims(value) == 2);
end

function note = noted(value, job)
  note.ocx_class = class(value);
  note.ocx_text = '';
  if is_function_handle(value)
    note.ocx_text = func2str(value);
    about = functions(value);
    if isfield(about, 'workspace') && numel(about.workspace) == 1
      note.ocx_captured = storable(about.workspace{1}, job);
    end
  end
end

function note = hashed(value, count)
  note.ocx_class = class(value);
  note.ocx_complex = iscomplex(value);
  note.ocx_size = size(value);
  n = numel(value);
  % Places that no regular pattern of rows and columns can hide from, the first and the last too.
  places = 1 + mod(floor((0:count - 1) * (n * (sqrt(5) - 1) / 2)), n);
  note.ocx_index = unique([1, n, places]);
  flat = value(:);
  note.ocx_sample = flat(note.ocx_index);
  if ischar(value)
    note.ocx_sample = uint8(note.ocx_sample);
  end
  if iscomplex(flat)
    bytes = [bytes_of(real(flat)), bytes_of(imag(flat))];
  else
    bytes = bytes_of(flat);
  end
  note.ocx_sha256 = hash('sha256', bytes);
end

function bytes = bytes_of(flat)
  if isfloat(flat)
    flat(isnan(flat)) = NaN; % whatever bits it had
  end
  if islogical(flat) || ischar(flat)
    flat = uint8(flat);
  end
  bytes = reshape(typecast(flat, 'char'), 1, []);
end
