function ocx_respond(file, folders, requests, answers)
  % Does the request in FILE: calls its function and leaves the outputs, or the error, in a file
  % of the first folder that has room.
  number = -1;
  status = 'ok';
  try
    lastwarn('', '');
    request = load('-binary', file);
    number = request.numbers(1);
    if request.numbers(3)
      unlink(file);
    end
    if isfield(request, 'freed')
      ocx_store('free', request.freed);
    end
    args = request.args;
    for k = 1:numel(args)
      if isstruct(args{k})
        args{k} = resolve(args{k}, requests, answers);
      end
    end
    outputs = run(request.name, args, request.numbers(2));
    if isfield(request, 'kept')
      ocx_store('put', request.kept, outputs);
      outputs = {};
    end
    check_lengths(outputs);
    place = deliver(outputs, folders);
  catch failure
    status = 'error';
    frames = failure.stack;
    ours = find(strcmp({frames.name}, mfilename()), 1);
    failure = struct('message', failure.message, 'identifier', failure.identifier, ...
                     'stack', frames(1:ours - 1));
    place = deliver(failure, folders);
  end
  fflush(stdout);
  fflush(stderr);
  [~, identifier] = lastwarn();
  if ~isempty(identifier)
    identifier(~isgraph(identifier)) = '_'; % it is one word of the answer
  end
  fprintf(answers, '%d %s %d %s\n', number, status, place, identifier);
  fflush(answers);
end

function outputs = run(name, args, nout)
  % Apart from everything else: what a function does to the variables of its caller ends here.
  if nout == 0
    feval(name, args{:});
    outputs = {};
  else
    outputs = cell(1, nout);
    [outputs{:}] = feval(name, args{:});
  end
end

function value = resolve(value, requests, answers)
  % What an argument stands for, if it is a mark for something that does not travel.
  if isfield(value, 'ocx_callback_')
    number = value.ocx_callback_;
    value = @(varargin) ocx_callback(number, requests, answers, varargin{:});
  elseif isfield(value, 'ocx_handle_')
    value = ocx_store('get', value.ocx_handle_);
  end
end

function check_lengths(values)
  % The format counts in 32 bits, and Octave's save cuts off what does not fit without a word.
  most = 2147483647;
  for k = 1:numel(values)
    if any(size(values{k}) > most)
      error('octave_compress:type', ['Octave returned an array with a dimension beyond ', ...
                                     '2^31 - 1, which cannot cross: keep it there and get parts']);
    end
  end
  if sizeof(values) > most  % only then can there be such an array inside of a value
    for k = 1:numel(values)
      if iscell(values{k})
        check_lengths(values{k});
      elseif isstruct(values{k})
        check_lengths(struct2cell(values{k}));
      end
    end
  end
end

function place = deliver(outputs, folders)
  % Saves the reply in the first of the folders that has room for it, and returns which.
  done = true;
  for place = 1:numel(folders)
    path = [folders{place}, '/reply'];
    save('-binary', path, 'outputs', 'done');
    if is_whole(path)
      return
    end
    unlink(path);
  end
  error('octave_compress:disk', 'no room for the reply in %s', strjoin(folders, ' or '));
end

function whole = is_whole(path)
  % Octave's save says nothing on a full disk, which cuts a file off at the end of a block, and an
  % empty one is cut off before its first.  Any other file of whole blocks has the second variable
  % at its end.
  size = stat(path).size;
  whole = size > 0;
  if whole && mod(size, 512) == 0
    file = fopen(path, 'r');
    fseek(file, -5, 'eof');
    whole = strcmp(fread(file, 5, '*char').', ['bool', char(1)]);
    fclose(file);
  end
end
