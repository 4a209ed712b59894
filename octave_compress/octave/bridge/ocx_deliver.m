function place = ocx_deliver(outputs, folders)
  % Saves the reply, a cell of outputs or the struct of an error, in the first of the folders that
  % has room for it, and returns which.
  %
  % It calls Octave's compiled functions alone, and these by way of 'builtin': a file of such a
  % name in a user's folder would come before them.
  builtin('save_default_options', '-binary', 'local'); % whatever the user's are
  plain = builtin('iscell', outputs); % and not the struct of an error
  if plain
    for output = outputs
      plain = plain && builtin('isnumeric', output{1}) && ...
              builtin('all', builtin('size', output{1}) <= 2147483647);
    end
    if ~plain
      check_lengths(outputs);
      % Octave 11 saves a classdef object as a struct and warns; older versions refuse it.
      builtin('warning', 'error', 'Octave:save:classdef:unsupported', 'local');
    end
  end
  done = true;
  place = 0;
  for folder = folders
    place = place + 1;
    path = [folder{1}, '/reply'];
    try
      builtin('save', '-binary', path, 'outputs', 'done');
    catch failure
      if builtin('iscell', outputs)
        refuse_objects(outputs);
      end
      builtin('rethrow', failure);
    end
    if is_whole(path)
      return
    end
    builtin('unlink', path);
  end
  builtin('error', 'octave_compress:disk', 'no room for the reply in %s', ...
          builtin('sprintf', '%s ', folders{:}));
end

function check_lengths(values)
  % The format counts in 32 bits, and Octave's save cuts off what does not fit without a word.
  for k = 1:builtin('numel', values)
    if builtin('any', builtin('size', values{k}) > 2147483647)
      builtin('error', 'octave_compress:type', ...
              ['Octave returned an array with a dimension beyond 2^31 - 1, which cannot ', ...
               'cross: keep it there and get parts']);
    end
  end
  if builtin('sizeof', values) > 2147483647 % only then can there be such an array inside of one
    for k = 1:builtin('numel', values)
      if builtin('iscell', values{k})
        check_lengths(values{k});
      elseif builtin('isstruct', values{k})
        check_lengths(builtin('struct2cell', values{k}));
      end
    end
  end
end

function whole = is_whole(path)
  % Octave's save says nothing on a full disk, which cuts a file off at the end of a block, and an
  % empty one is cut off before its first.  Any other file of whole blocks has the second variable
  % at its end.
  size = builtin('stat', path).size;
  whole = size > 0;
  if whole && builtin('rem', size, 512) == 0
    file = builtin('fopen', path, 'r');
    builtin('fseek', file, -5, 'eof');
    whole = builtin('strcmp', builtin('fread', file, 5, '*char').', ['bool', "\001"]);
    builtin('fclose', file);
  end
end

function refuse_objects(outputs)
  % Raises an error that names the first value that Octave cannot save, if there is one.
  for k = 1:builtin('numel', outputs)
    place = 'result';
    if builtin('numel', outputs) > 1
      place = builtin('sprintf', 'outputs{%d}', k);
    end
    [place, kind] = first_object(outputs{k}, place);
    if ~builtin('isempty', kind)
      builtin('error', 'octave_compress:type', ...
              ['%s cannot cross to Python: it is an object of the class %s; keep=True leaves ', ...
               'it in Octave and returns a handle'], place, kind);
    end
  end
end

function [place, kind] = first_object(value, place)
  % Where the first value stands that is of no plain class, and its class; '' if there is none.
  kind = '';
  root = place;
  if builtin('iscell', value)
    for k = 1:builtin('numel', value)
      [place, kind] = first_object(value{k}, builtin('sprintf', '%s{%d}', root, k));
      if ~builtin('isempty', kind)
        return
      end
    end
  elseif builtin('isstruct', value)
    names = builtin('__fieldnames__', value);
    for k = 1:builtin('numel', value)
      element = root;
      if builtin('numel', value) > 1
        element = builtin('sprintf', '%s(%d)', root, k);
      end
      for i = 1:builtin('numel', names)
        field = ['.', names{i}];
        if ~builtin('isvarname', names{i})
          field = ['.(''', names{i}, ''')'];
        end
        [place, kind] = first_object(value(k).(names{i}), [element, field]);
        if ~builtin('isempty', kind)
          return
        end
      end
    end
  elseif ~(builtin('isnumeric', value) || builtin('ischar', value) || builtin('islogical', value))
    kind = builtin('class', value);
  end
end
